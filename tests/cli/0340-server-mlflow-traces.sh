# MLflow's traces on mlops server: made in either form, tagged, linked, found by each kind of term, deleted.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

start_server "$scratch/data" --no-auth
post experiments/create '{"name": "chat"}'
exp=$(json_get 'd["experiment_id"]')

# trace ID SECOND STATE MORE: a trace of $exp as a client of MLflow 3 makes it.
trace() {
	post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"$1\", \"trace_location\": {\"type\": \"MLFLOW_EXPERIMENT\",
		\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}, \"request_time\": \"2026-01-31T12:00:0$2Z\",
		\"execution_duration\": \"$2.5s\", \"state\": \"$3\"${4:+, $4}}}}"
}
trace tr-a 1 OK '"request_preview": "hello", "tags": {"mlflow.traceName": "ask", "team": "x"}, "trace_metadata": {"mlflow.user": "me"}'
json_is 'sorted(d["trace"]["trace_info"]["tags"].items())' \
	"[[\"mlflow.artifactLocation\",\"mlflow-artifacts:/$exp/traces/tr-a/artifacts\"],[\"mlflow.traceName\",\"ask\"],[\"team\",\"x\"]]" "a trace"
get traces/tr-a
json_is '[d["trace"]["trace_info"][k] for k in ("request_time", "execution_duration", "state", "request_preview")]' \
	'["2026-01-31T12:00:01.000Z","1.500s","OK","hello"]' "as it was said"
trace tr-a 1 OK '"response_preview": "bye"'
json_is '[d["trace"]["trace_info"][k] for k in ("request_preview", "response_preview")] + [d["trace"]["trace_info"]["tags"]["team"]]' \
	'["hello","bye","x"]' "said again it keeps what is not"
trace tr-a 1 OK '"tags": {"mlflow.artifactLocation": "mlflow-artifacts:/0/elsewhere", "mlflow.trace.spansLocation": "x"}'
json_is '[d["trace"]["trace_info"]["tags"].get(k) for k in ("mlflow.artifactLocation", "mlflow.trace.spansLocation")]' \
	"[\"mlflow-artifacts:/$exp/traces/tr-a/artifacts\",null]" "where it is kept the server says"
trace tr-b 2 ERROR '"client_request_id": "c1", "trace_metadata": {"mlflow.sourceRun": "r1"}'
trace tr-c 3 IN_PROGRESS '"tags": {"a b": "Deep % _ Blue"}'
trace ../x 1 OK
refused 400 INVALID_PARAMETER_VALUE "a name that is none"
trace '' 1 OK
refused 400 INVALID_PARAMETER_VALUE "nor is this"
trace tr-d 1 SOSO
refused 400 INVALID_PARAMETER_VALUE "a state that is none"
mine=$exp exp=77
trace tr-d 1 OK
refused 404 RESOURCE_DOES_NOT_EXIST "an experiment that is not there"
exp=0
trace tr-a 1 OK
refused 400 RESOURCE_ALREADY_EXISTS "a trace of another experiment"
exp=$mine
post traces '{"trace": {"trace_info": {"trace_id": "tr-d", "request_time": "yesterday", "trace_location": {"mlflow_experiment": {"experiment_id": "0"}}}}}'
refused 400 INVALID_PARAMETER_VALUE "a time that is none"
get traces/tr-d
refused 404 RESOURCE_DOES_NOT_EXIST "of all these nothing is there"

# MLflow 2.x: begun, then ended.
post traces "{\"experiment_id\": \"$exp\", \"timestamp_ms\": 1000, \"tags\": [{\"key\": \"mlflow.traceName\", \"value\": \"old\"}]}"
json_is 'd["trace_info"]["status"], d["trace_info"]["timestamp_ms"]' '["IN_PROGRESS",1000]' "a trace of 2.x begins"
old=$(json_get 'd["trace_info"]["request_id"]')
call PATCH "traces/$old" '{"timestamp_ms": 1250, "status": "OK", "request_metadata": [{"key": "m", "value": "1"}]}'
json_is 'd["trace_info"]["status"], d["trace_info"]["execution_time_ms"], d["trace_info"]["request_metadata"]' \
	'["OK",250,[{"key":"m","value":"1"}]]' "and ends"
get "traces/$old/info"
json_is 'd["trace_info"]["experiment_id"]' "$exp" "and is there"
get "traces?experiment_ids=$exp&max_results=1&order_by=timestamp_ms+ASC"
json_is '[t["request_id"] for t in d["traces"]]' "[\"$old\"]" "and found as 2.x does it"

# Tags.
call PATCH traces/tr-a/tags '{"key": "colour", "value": "red"}'
is "$rc" 200 "a tag"
call PATCH traces/tr-none/tags '{"key": "colour", "value": "red"}'
refused 404 RESOURCE_DOES_NOT_EXIST "of a trace that is there"
call PATCH traces/tr-a/tags '{"key": "mlflow.trace.spansLocation", "value": "x"}'
refused 400 INVALID_PARAMETER_VALUE "some are the server's"
call DELETE traces/tr-a/tags '{"key": "team"}'
call DELETE traces/tr-a/tags '{"key": "team"}'
refused 404 RESOURCE_DOES_NOT_EXIST "it is gone"

# Links.
new_run "$exp" first
post traces/link-to-run "{\"trace_ids\": [\"tr-a\", \"tr-none\"], \"run_id\": \"$run\"}"
is "$rc" 200 "linked to a run"
post traces/link-prompts '{"trace_id": "tr-c", "prompt_versions": [{"name": "greet", "version": "2"}]}'
is "$rc" 200 "and to a prompt"

# found FILTER [ORDER...]: the names of the traces of $exp.
found() {
	python3 -I -S -c 'import json,sys; json.dump({"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":sys.argv[1]}}],"filter":sys.argv[2],"order_by":sys.argv[3:]},sys.stdout)' \
		"$exp" "$@" >"$tap_root/search"
	call POST traces/search "@$tap_root/search"
	json_get '" ".join(t["trace_id"] for t in d.get("traces",[])) if "error_code" not in d else "!" + d["error_code"]' | sed "s/$old/old/"
}
is "$(found '')" "tr-c tr-b tr-a old" "the newest first"
is "$(found '' 'execution_time DESC')" "tr-c tr-b tr-a old" "by duration"
is "$(found '' 'name ASC')" "tr-a old tr-c tr-b" "by name, those without last"
is "$(found "status = 'ERROR'")" tr-b "status"
is "$(found "trace.status IN ('OK', 'ERROR')")" "tr-b tr-a old" "a list"
is "$(found "timestamp_ms > 1000 AND execution_time < 3000")" "tr-b tr-a" "numbers"
is "$(found "name = 'ask'")" tr-a "name"
is "$(found "name IS NULL")" "tr-c tr-b" "no name"
is "$(found "client_request_id = 'c1'")" tr-b "the client's id"
is "$(found "tags.colour = 'red'")" tr-a "a tag"
is "$(found "tags.\`a b\` LIKE 'Deep%'")" tr-c "like"
is "$(found "tags.\`a b\` LIKE 'deep%'")" "" "which minds case"
is "$(found "tags.\`a b\` ILIKE 'deep%blue'")" tr-c "or does not"
is "$(found "tags.colour IS NULL")" "tr-c tr-b old" "no tag"
is "$(found "metadata.m = '1'")" old "metadata"
is "$(found "request_metadata.\`mlflow.user\` = 'me'")" tr-a "by its other name"
is "$(found "run_id = 'r1'")" tr-b "the run that it was made in"
is "$(found "attribute.run_id = '$run'")" tr-a "or linked to"
is "$(found "prompt = 'greet/2'")" tr-c "a prompt"
for bad in "prompt = 'greet'" "nothing = 'x'" "status = 1" "timestamp_ms = 'x'" "metrics.m > 1" "foo.x = 'y'" \
	"span.nothing = 'x'" "issue.id LIKE 'x'" "tags.a RLIKE 'x'" "name" "feedback.q > 'x'"; do
	is "$(found "$bad")" "!INVALID_PARAMETER_VALUE" "refused: $bad"
done
for term in "span.name = 'x' AND span.type != 'LLM'" "span.attributes.model = 'x'" "text LIKE '%x%'" \
	"feedback.q = 'yes'" "feedback.q >= 0.5" "expectation.q IS NOT NULL" "issue.id = 'i'"; do
	is "$(found "$term")" "" "taken: $term"
done

post traces/search "{\"locations\": [{\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}], \"max_results\": 3}"
token=$(json_get 'd["next_page_token"]')
post traces/search "{\"locations\": [{\"mlflow_experiment\": {\"experiment_id\": \"$exp\"}}], \"max_results\": 3, \"page_token\": \"$token\"}"
json_is '[t["trace_id"] for t in d["traces"]], "next_page_token" in d' "[[\"$old\"],false]" "pages"
post traces/search '{"max_results": 3}'
refused 400 INVALID_PARAMETER_VALUE "where is to be said"
post traces/batchGetInfos "{\"trace_ids\": [\"tr-c\", \"tr-none\", \"tr-a\"]}"
json_is '[t["trace_id"] for t in d["trace_infos"]]' '["tr-c","tr-a"]' "many at once"
post traces/batchGetInfos '{"trace_ids": ["tr-c"], "experiment_ids": ["0"]}'
json_is 'd["trace_infos"]' '[]' "of some experiments"

# Deleting, with their files.
files=$server_url/api/2.0/mlflow-artifacts/artifacts
echo '{}' | curl -s -m 20 -T - "$files/$exp/traces/tr-b/artifacts/traces.json" >"$out"
post traces/delete-traces "{\"experiment_id\": \"$exp\"}"
refused 400 INVALID_PARAMETER_VALUE "not all by mistake"
post traces/delete-traces "{\"experiment_id\": \"0\", \"request_ids\": [\"tr-b\"]}"
json_is 'd["traces_deleted"]' 0 "none of another experiment"
post traces/delete-traces "{\"experiment_id\": \"$exp\", \"request_ids\": [\"tr-b\", \"tr-none\"]}"
json_is 'd["traces_deleted"]' 1 "by name"
is "$(curl -s -m 20 -o "$out" -w '%{http_code}' "$files/$exp/traces/tr-b/artifacts/traces.json")" 404 "its files are gone"
post traces/delete-traces "{\"experiment_id\": \"$exp\", \"max_timestamp_millis\": 9999999999999, \"max_traces\": 1}"
json_is 'd["traces_deleted"]' 1 "the oldest"
is "$(found '')" "tr-c tr-a" "the others are there"
done_testing
