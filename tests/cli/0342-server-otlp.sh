# OpenTelemetry's spans by OTLP on mlops server: both forms, packed or not, as MLflow's traces.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

start_server "$scratch/data" --no-auth
post experiments/create '{"name": "shop"}'
exp=$(json_get 'd["experiment_id"]')
request() { python3 -I -S "$tap_src/tests/lib/otlp_request.py" "$@"; }

# send FILE TYPE [CURL-OPTION...]: $rc is the HTTP status.
send() {
	tap_file=$1 tap_type=$2
	shift 2
	rc=$(curl -s -m 60 -o "$out" -w '%{http_code}' -H "Content-Type: $tap_type" -H "x-mlflow-experiment-id: $exp" \
		--data-binary "@$tap_file" "$@" "$server_url/v1/traces")
}
n=0
# check NAME: the trace that was sent last is all there.
check() {
	is "$rc" 200 "$1"
	get "traces/tr-$trace"
	json_is '[d["trace"]["trace_info"][k] for k in ("state", "request_time", "execution_duration", "request_preview", "response_preview")]' \
		'["OK","2023-11-14T22:13:20.000Z","2.000s","{\"q\": \"\u00e9\"}","[\"a\", 1]"]' "$1: what its root says"
	json_is '[d["trace"]["trace_info"]["tags"].get(k) for k in ("service.name", "n", "team", "mlflow.traceName", "telemetry.sdk.name", "mlflow.artifactLocation")]' \
		"[\"shop\",\"5\",\"x\",\"checkout\",null,\"mlflow-artifacts:/$exp/traces/tr-$trace/artifacts\"]" "$1: its tags"
	json_is '[d["trace"]["trace_info"]["trace_metadata"][k] for k in ("mlflow.trace.tokenUsage", "mlflow.trace.session", "mlflow.trace.user")]' \
		'["{\"input_tokens\": 3, \"output_tokens\": 4, \"total_tokens\": 7}","s1","u1"]' "$1: what its spans say"
	get "traces/get?trace_id=tr-$trace"
	json_is '[(s["name"], s["status"]["code"], "parent_span_id" in s) for s in d["trace"]["spans"]]' \
		'[["checkout","STATUS_CODE_OK",false],["llm","STATUS_CODE_ERROR",true]]' "$1: its spans"
	json_is '{a["key"]: list(a["value"].items())[0] for a in d["trace"]["spans"][1]["attributes"]}["x"]' \
		'["double_value",1.5]' "$1: their attributes"
	json_is '[d["trace"]["spans"][1]["events"][0]["name"], d["trace"]["spans"][1]["links"][0]["span_id"]]' \
		'["exception","AAAAAAAAAAI="]' "$1: what is in them"
}
for form in proto json; do
	type=application/$([ $form = json ] && echo json || echo x-protobuf)
	for packed in no gzip; do
		n=$((n + 1)) trace=0000000000000000000000000000000$n
		request $form $trace >body
		if [ $packed = gzip ]; then
			gzip -c body >packed && send packed "$type" -H 'Content-Encoding: gzip'
		else
			send body "$type; charset=utf-8"
		fi
		check "$form, packed: $packed"
	done
done
python3 -I -S -c 'import sys,zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))' <body >packed
send packed application/json -H 'Content-Encoding: deflate'
is "$rc" 200 "deflate, and the same again"
get "traces/batchGet?trace_ids=tr-$trace&trace_ids=tr-none&trace_ids=tr-00000000000000000000000000000001"
json_is '[len(t["spans"]) for t in d["traces"]]' '[2,2]' "many with their spans"
get "get-trace-artifact?request_id=tr-$trace"
json_is 'd["spans"][1]["attributes"]["model"], d["spans"][0]["parent_span_id"]' '["\"deep-1\"",null]' "as the page reads them"

found() {
	post traces/search "{\"locations\": [{\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}], \"filter\": \"$1\"}"
	json_get 'len(d["traces"]) if "traces" in d else d["message"]'
}
is "$(found "span.name = 'llm' AND span.type = 'LLM'")" 4 "found by one span"
is "$(found "span.name = 'llm' AND span.type = 'AGENT'")" 0 "that is all of it"
is "$(found "span.status = 'ERROR' AND span.attributes.model = 'deep-1'")" 4 "by an attribute"
is "$(found "span.attributes.x LIKE '1%'")" 4 "a number in it"
is "$(found "span.content ILIKE '%BOOM%'")" 4 "by all of it"
is "$(found "text LIKE '%checkout%' AND metadata.\`mlflow.trace.session\` = 's1'")" 4 "by text"

# A span alone, and one of a trace that a client finished.
trace=0000000000000000000000000000000a
request json $trace | sed 's/"parentSpanId": ""/"parentSpanId": "00000000000000cc"/' >body
send body application/json
get "traces/tr-$trace"
json_is 'd["trace"]["trace_info"]["state"]' IN_PROGRESS "without its root it goes on"
post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"tr-$trace\", \"state\": \"OK\", \"request_time\": \"2020-01-01T00:00:00Z\",
	\"trace_location\": {\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}, \"trace_metadata\": {\"mlflow.trace.sizeStats\": \"{\\\"num_spans\\\": 3}\"}}}}"
request json $trace >body && send body application/json
get "traces/tr-$trace"
json_is 'd["trace"]["trace_info"]["request_time"]' 2020-01-01T00:00:00.000Z "what its client said stays"
get "traces/get?trace_id=tr-$trace"
refused 404 RESOURCE_DOES_NOT_EXIST "not before all spans are there"
get "traces/get?trace_id=tr-$trace&allow_partial=True"
json_is 'len(d["trace"]["spans"])' 2 "but for who asks"

# A file of spans in place of them.
post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"tr-file\", \"trace_location\": {\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}}}}"
get 'get-trace-artifact?request_id=tr-file'
json_is 'd["spans"]' '[]' "no spans yet"
get "get-trace-artifact?request_id=tr-$trace" && cp "$out" traces.json
curl -s -m 20 -T traces.json "$server_url/api/2.0/mlflow-artifacts/artifacts/$exp/traces/tr-file/artifacts/traces.json" >"$out"
get 'traces/get?trace_id=tr-file'
json_is '[s["name"] for s in d["trace"]["spans"]]' '["checkout","llm"]' "spans of its file"

echo '{"spans": [{"context": {"trace_id": "0x1"}, "name": "old"}]}' |
	curl -s -m 20 -T - "$server_url/api/2.0/mlflow-artifacts/artifacts/$exp/traces/tr-file/artifacts/traces.json" >"$out"
get 'traces/batchGet?trace_ids=tr-file'
json_is 'd["traces"]' '[]' "not those of a file of MLflow 2.x"
get 'get-trace-artifact?request_id=tr-file'
json_is 'd["spans"][0]["name"]' old "but as they are"

# Refused, and nothing is kept.
trace=0000000000000000000000000000000b
request proto $trace >body
head -c 200 body >cut
for bad in "cut application/x-protobuf" "body text/plain" "body application/json" "/dev/null application/x-protobuf"; do
	send ${bad% *} "${bad#* }"
	refused 400 INVALID_PARAMETER_VALUE "refused: $bad"
done
send body application/x-protobuf -H 'Content-Encoding: gzip'
refused 400 INVALID_PARAMETER_VALUE "it is not packed"
send body application/x-protobuf -H 'Content-Encoding: br'
refused 400 INVALID_PARAMETER_VALUE "packed in a way that is not known"
head -c 40000000 /dev/zero | gzip -c >bomb
send bomb application/json -H 'Content-Encoding: gzip'
refused 400 INVALID_PARAMETER_VALUE "too much when unpacked"
request json zz >zz && send zz application/json
refused 400 INVALID_PARAMETER_VALUE "ids that are none"
send body application/x-protobuf -H 'x-mlflow-run-id: none'
refused 404 RESOURCE_DOES_NOT_EXIST "a run that is not there"
exp=77
send body application/x-protobuf
refused 404 RESOURCE_DOES_NOT_EXIST "an experiment that is not there"
get "traces/tr-$trace"
refused 404 RESOURCE_DOES_NOT_EXIST "of all these nothing is there"
mine=$(curl -s -m 20 "$server_url/api/2.0/mlflow/experiments/get-by-name?experiment_name=shop" |
	python3 -I -S -c 'import json,sys; print(json.load(sys.stdin)["experiment"]["experiment_id"])')
exp=0
request proto 00000000000000000000000000000001 >body && send body application/x-protobuf
get traces/tr-00000000000000000000000000000001
json_is 'd["trace"]["trace_info"]["trace_location"]["mlflow_experiment"]["experiment_id"]' "$mine" "spans of another service join the trace"
request proto 0000000000000000000000000000000c >body && send body application/x-protobuf
post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"tr-0000000000000000000000000000000c\", \"trace_location\": {\"mlflow_experiment\": {\"experiment_id\": \"$mine\"}}}}}"
json_is 'd["trace"]["trace_info"]["trace_location"]["mlflow_experiment"]["experiment_id"], d["trace"]["trace_info"]["tags"]["mlflow.artifactLocation"]' \
	"[\"$mine\",\"mlflow-artifacts:/$mine/traces/tr-0000000000000000000000000000000c/artifacts\"]" "its client says where it is"
new_run 0 first
request proto $trace >body && send body application/x-protobuf -H "x-mlflow-run-id: $run"
post traces/search "{\"locations\": [{\"mlflow_experiment\": {\"experiment_id\": \"0\"}}], \"filter\": \"run_id = '$run'\"}"
json_is '[t["trace_id"] for t in d["traces"]]' "[\"tr-$trace\"]" "linked to a run"
done_testing
