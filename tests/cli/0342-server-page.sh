# mlops server --ui-dir: the files of a web page, and what MLflow's asks for beside the API.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

ask() { # ask PATH [ARG...]: the reply in $out, its status in $status, its headers in $scratch/head
	ask_path=$1
	shift
	status=$(curl -s -m 20 --path-as-is -D "$scratch/head" -o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}
api() { curl -s -m 20 -H 'Content-Type: application/json' -d "$2" "$server_url/api/2.0/mlflow/$1"; }
query() { # query TEXT VARIABLES
	python3 -I -S -c 'import json, sys
print(json.dumps({"query": sys.argv[1], "variables": json.loads(sys.argv[2])}))' "$1" "$2" >"$scratch/query"
	ask /graphql -H 'Content-Type: application/json' --data-binary "@$scratch/query"
}

page=$scratch/page
mkdir -p "$page/static/js" "$page/folder"
echo '<title>the page</title>' >"$page/index.html"
echo 'let a;' >"$page/static/js/main.0123.js"
echo 'outside' >"$scratch/outside"

run mlops server --data "$scratch/data" --listen 127.0.0.1:0 --no-auth --ui-dir "$scratch"
rc_is 1 "a folder without a page"
like "$err" "no index.html" "is told"

start_server "$scratch/data" --no-auth
ask /
is "$status" 404 "without a folder there is no page"
like "$out" 'ui-dir' "and the reply says how to have one"
kill "$server_pid"

start_server "$scratch/data" --no-auth --ui-dir "$page"
ask /
is "$status" 200 "the page"
is "$(cat "$out")" '<title>the page</title>' "is its index"
like "$scratch/head" 'Content-Type: text/html; charset=utf-8' "of its type"
like "$scratch/head" 'Cache-Control: no-cache' "and asked for again each time"
tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$scratch/head")
ask / -H "If-None-Match: $tag"
is "$status" 304 "which costs no bytes while it is the same"
ask /static-files/static/js/main.0123.js
is "$status" 200 "a file of it"
like "$scratch/head" 'Content-Type: text/javascript' "of its type"
like "$scratch/head" 'immutable' "whose name has its hash need not be asked for again"
for path in ../outside ..%2foutside folder none static/../../outside %2e%2e/outside static//js/main.0123.js; do
	ask "/static-files/$path"
	is "$status" 404 "$path is none"
	unlike "$out" outside "and gives nothing away"
done

# What it shows.
run_id=$(api runs/create '{"experiment_id": "0", "run_name": "one", "start_time": 5}' |
	sed -n 's/.*"run_id": *"\([0-9a-f]*\)".*/\1/p')
api runs/log-metric "{\"run_id\": \"$run_id\", \"key\": \"loss\", \"value\": 0.5, \"timestamp\": 7, \"step\": 3}" >"$tap_root/ok"
api runs/log-metric "{\"run_id\": \"$run_id\", \"key\": \"bad\", \"value\": \"NaN\", \"timestamp\": 7}" >"$tap_root/ok"
api registered-models/create '{"name": "m"}' >"$tap_root/ok"
api model-versions/create "{\"name\": \"m\", \"source\": \"mlflow-artifacts:/0/$run_id/artifacts\", \"run_id\": \"$run_id\"}" >"$tap_root/ok"
# shellcheck disable=SC2016 # $data is the query's own
get='query Q($data: In!) @x(y: "z") { mlflowGetRun(input: $data) { apiError { code } run {
	info { runUuid startTime endTime nothing __typename } experiment { name } modelVersions { name version }
	data { metrics { key value step } tags { key } } inputs { datasetInputs { dataset { name } } } } } }'
query "$get" "{\"data\": {\"runId\": \"$run_id\"}}"
is "$status" 200 "a query"
json_is 'd["data"]["mlflowGetRun"]["run"]["info"]' \
	"{\"__typename\":\"MlflowRunInfo\",\"endTime\":\"0\",\"nothing\":null,\"runUuid\":\"$run_id\",\"startTime\":\"5\"}" \
	"gives what was selected, by its names"
json_is 'sorted([m["key"], m["value"], m["step"]] for m in d["data"]["mlflowGetRun"]["run"]["data"]["metrics"])' \
	'[["bad",null,"0"],["loss",0.5,"3"]]' "metrics too"
json_is 'd["data"]["mlflowGetRun"]["run"]["experiment"], d["data"]["mlflowGetRun"]["run"]["modelVersions"]' \
	'[{"name":"Default"},[{"name":"m","version":"1"}]]' "and what REST does not give with a run"
json_is 'd["data"]["mlflowGetRun"]["run"]["inputs"], d["errors"]' '[{"datasetInputs":[]},null]' "a list that is absent is empty"
query "$get" '{"data": {"runId": "00000000000000000000000000000000"}}'
json_is 'd["data"], len(d["errors"])' '[{"mlflowGetRun":null},1]' "a run that is not there"
query '{ nothing { x } }' '{}'
json_is 'd' '{"data":null,"errors":["Cannot query field '"'nothing'"' on type '"'Query'"'."]}' "a field that is not there"
query '{ mlflowGetRun' '{}'
is "$status" 400 "what is no query"
like "$out" 'INVALID_PARAMETER_VALUE' "is refused in MLflow's form"
query '{ a: mlflowGetRun { run { info { runUuid } } } }' '{}'
json_is 'd["data"], len(d["errors"])' '[{"a":null},1]' "an argument that is missing"
ask '/ajax-api/3.0/mlflow/ui-telemetry'
json_is 'd["disable_ui_telemetry"]' true "it is told to report to nobody"

curl -s -X PUT --data-binary 'hello' "$server_url/api/2.0/mlflow-artifacts/artifacts/0/$run_id/artifacts/notes/a%20b.txt"
for path in "/get-artifact?run_uuid=$run_id&path=notes%2Fa%20b.txt" "/model-versions/get-artifact?name=m&version=1&path=notes/a+b.txt"; do
	ask "$path"
	is "$status" 200 "${path%%\?*}"
	is "$(cat "$out")" hello "gives the bytes"
done
like "$scratch/head" 'Content-Disposition: attachment' "which the browser shows nowhere by itself"
ask "/get-artifact?run_uuid=$run_id&path=../../x"
is "$status" 400 "no path leads out of them"
ask "/get-artifact?run_uuid=$run_id&path=none"
is "$status" 404 "one that is not there"
ask "/get-artifact?run_uuid=$run_id"
is "$status" 400 "one that is not named"
kill "$server_pid"

# With tokens.
token=$(mlops server token add reader --scope read --data "$scratch/data")
start_server "$scratch/data" --ui-dir "$page"
ask /
is "$status" 401 "who has no token sees no page"
like "$scratch/head" 'WWW-Authenticate: Basic realm="mlops"' "and is asked for a password"
ask / -u "me:$token"
is "$status" 200 "the token is that"
query '{ mlflowGetExperiment { experiment { name } } }' '{}'
is "$status" 401 "nor queries"
done_testing
