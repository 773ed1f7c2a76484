# mlops server speaks MLflow's REST API: experiments, runs, metrics, searches, artifacts.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

data=$scratch/data
start_server "$data" --no-auth

get 'experiments/get?experiment_id=0'
json_is 'd["experiment"]["name"], d["experiment"]["artifact_location"]' '["Default","mlflow-artifacts:/0"]' "there is a default experiment"
post experiments/create '{"name": "tune", "tags": [{"key": "team", "value": "a"}]}'
exp=$(json_get 'd["experiment_id"]')
post experiments/create '{"name": "tune"}'
refused 400 RESOURCE_ALREADY_EXISTS "a name is taken once"
get 'experiments/get-by-name?experiment_name=tune'
json_is 'd["experiment"]["tags"]' '[{"key":"team","value":"a"}]' "found by its name, with its tags"
get 'experiments/get-by-name?experiment_name=none'
refused 404 RESOURCE_DOES_NOT_EXIST "what is not there is 404"
rc=$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/ajax-api/3.0/mlflow/server-info")
json_is 'd["store_type"]' SqlStore "the twins of the paths are there"
is "$(curl -s -m 20 "$server_url/version" | cut -c1-2)" 3. "the version is one of MLflow 3"
get no/such
refused 404 ENDPOINT_NOT_FOUND "a path that is none"

new_run "$exp" one 1000
one=$run
post runs/log-metric "{\"run_id\": \"$one\", \"key\": \"loss\", \"value\": 0.5, \"timestamp\": \"17\", \"step\": \"2\"}"
is "$rc" 200 "numbers may be texts"
post runs/log-metric "{\"runId\": \"$one\", \"key\": \"loss\", \"value\": \"NaN\", \"timestamp\": 18}"
is "$rc" 200 "names may be in camel case, and NaN a text"
post runs/log-metric "{\"run_id\": \"$one\", \"key\": \"bad\", \"value\": NaN, \"timestamp\": 18}"
is "$rc" 200 "or bare, as Python writes it"
post runs/log-batch "{\"run_id\": \"$one\", \"metrics\": [{\"key\": \"acc\", \"value\": 0.9, \"timestamp\": 1}],
	\"params\": [{\"key\": \"lr\", \"value\": \"0.1\"}], \"tags\": [{\"key\": \"a b\", \"value\": \"x%y\"}]}"
is "$rc" 200 "many at once"
get "runs/get?run_id=$one"
json_is 'sorted((m["key"], m["value"], m["step"]) for m in d["run"]["data"]["metrics"])' \
	'[["acc",0.9,0],["bad","NaN",0],["loss",0.5,2]]' "the latest of each metric"
json_is 'd["run"]["data"]["params"]' '[{"key":"lr","value":"0.1"}]' "the parameters"
json_is 'sorted(t["key"] for t in d["run"]["data"]["tags"])' '["a b","mlflow.runName"]' "the tags, with the name"
json_is '"end_time" in d["run"]["info"], d["run"]["info"]["status"]' '[false,"RUNNING"]' "it runs"
get "metrics/get-history?run_id=$one&metric_key=loss&max_results=1"
json_is '[m["value"] for m in d["metrics"]]' '[0.5]' "one page of the history, by time"
token=$(json_get 'd["next_page_token"]')
get "metrics/get-history?run_id=$one&metric_key=loss&max_results=1&page_token=$token"
json_is '[m["value"] for m in d["metrics"]], "next_page_token" in d' '[["NaN"],false]' "and the last"
get "metrics/get-history?run_id=$one&metric_key=loss&page_token=xx"
refused 400 INVALID_PARAMETER_VALUE "a token that is none"

post runs/log-parameter "{\"run_id\": \"$one\", \"key\": \"lr\", \"value\": \"0.2\"}"
refused 400 INVALID_PARAMETER_VALUE "a parameter is set once"
post runs/log-batch "{\"run_id\": \"$one\", \"params\": [{\"key\": \"new\", \"value\": \"1\"}, {\"key\": \"lr\", \"value\": \"9\"}]}"
refused 400 INVALID_PARAMETER_VALUE "a batch with a wrong part"
get "runs/get?run_id=$one"
json_is 'len(d["run"]["data"]["params"])' 1 "writes nothing"
post runs/log-metric "{\"run_id\": \"$one\", \"key\": \"loss\"}"
json_is 'd["message"][:44]' "Missing value for required parameter 'value'" "what is missing is named"

post runs/log-metric "{\"run_id\": \"none\", \"key\": \"x\", \"value\": 1, \"timestamp\": 1}"
refused 404 RESOURCE_DOES_NOT_EXIST "a run that is not there"

# Searching.
new_run "$exp" two 2000
two=$run
post runs/log-batch "{\"run_id\": \"$two\", \"metrics\": [{\"key\": \"acc\", \"value\": 0.5, \"timestamp\": 1}],
	\"params\": [{\"key\": \"lr\", \"value\": \"0.01\"}], \"tags\": [{\"key\": \"note\", \"value\": \"It's\"}]}"
new_run "$exp" three 3000
post runs/log-batch "{\"run_id\": \"$run\", \"metrics\": [{\"key\": \"acc\", \"value\": \"NaN\", \"timestamp\": 1}]}"
new_run "$exp" Four 3000
post runs/update "{\"run_id\": \"$run\", \"status\": \"FINISHED\", \"end_time\": 4000}"
is "$(found '' | wc -w)" 4 "no filter: all"
is "$(found "" "attributes.start_time ASC" | cut -d' ' -f1,2)" "one two" "by time"
is "$(found "metrics.acc > 0.6")" one "a metric"
is "$(found "metrics.acc <= 0")" "" "NaN is less than nothing"
is "$(found "metrics.acc != 0.5")" "three one" "but not equal"
is "$(found "metrics.acc >= 0.5 AND params.lr = '0.01'")" two "and a parameter"
is "$(found "params.lr != '0.1'")" two "!= is for those that have one"
is "$(found 'tags."a b" = "x%y"')" one "quoted names"
is "$(found 'tags.`a b` LIKE "X%"')" "" "LIKE minds case"
is "$(found 'tags.`a b` ILIKE "X%"')" one "ILIKE does not"
is "$(found 'tags.`a b` LIKE "x__"')" one "one character each"
is "$(found "tags.note = \"It's\"")" two "a quote in a value"
is "$(found "params.lr IS NULL" "run_name")" "Four three" "IS NULL"
is "$(found "params.lr IS NOT NULL" "params.lr")" "two one" "IS NOT NULL, by a parameter's text"
is "$(found "status = 'FINISHED'")" Four "a status"
is "$(found "run_name LIKE '%o%'" "run_name DESC")" "two one Four" "a name"
is "$(found "attributes.run_id IN ('$one', '$two')" "run_name")" "one two" "a list"
is "$(found "end_time > 3999 and created < 3001")" Four "times"
is "$(found "" "metrics.acc DESC")" "one two three Four" "the order has numbers, then NaN, then none"
is "$(found "" "metrics.acc ASC")" "two one three Four" "in both directions"
is "$(found "foo.x = 1" | cut -c1-27)" "Invalid entity type 'foo'. " "an entity that is none"
like "$(found "metrics.acc = 'x'")" "Expected numeric value" "a text for a metric"
like "$(found "params.lr = 1")" "Expected a quoted string value" "a number for a parameter"
for bad in "metrics.acc >" "= 1" "metrics.acc > 1 OR metrics.acc < 2" "a b c" "tags.x = 'y" "run_id IN ()" \
	"metrics.acc > 1;" "(metrics.acc > 1)" "tags.x LIKE" "tags. = 'x'" "\`" "metrics.acc = 1 AND"; do
	found "$bad" >/dev/null
	refused 400 INVALID_PARAMETER_VALUE "no filter: $bad"
done
is "$(found "params.lr = '0.1'' OR 1=1 --'")" "" "a value stays a value"
post runs/search "{\"experiment_ids\": [\"$exp\"], \"max_results\": 3}"
token=$(json_get 'd["next_page_token"]')
post runs/search "{\"experiment_ids\": [\"$exp\"], \"max_results\": 3, \"page_token\": \"$token\"}"
json_is '[r["info"]["run_name"] for r in d["runs"]], "next_page_token" in d' '[["one"],false]' "the second page is the last"

post runs/delete "{\"run_id\": \"$two\"}"
is "$(found "run_name = 'two'")" "" "a deleted run is not found"
post runs/set-tag "{\"run_id\": \"$two\", \"key\": \"a\", \"value\": \"b\"}"
refused 400 INVALID_PARAMETER_VALUE "nor written"
post runs/restore "{\"run_id\": \"$two\"}"
is "$(found "run_name = 'two'")" two "until it is restored"
post runs/delete-tag "{\"run_id\": \"$two\", \"key\": \"none\"}"
refused 404 RESOURCE_DOES_NOT_EXIST "a tag that is not there"
post experiments/search '{}'
refused 400 INVALID_PARAMETER_VALUE "experiments need a number of results"
post experiments/search '{"max_results": 5, "filter": "tags.team = '"'a'"'"}'
json_is '[e["name"] for e in d["experiments"]]' '["tune"]' "experiments by a tag"
post experiments/delete "{\"experiment_id\": \"$exp\"}"
is "$(found "")" "" "an experiment goes with its runs"
post experiments/restore "{\"experiment_id\": \"$exp\"}"
is "$(found "" | wc -w)" 4 "and comes back with them"

# Datasets.
post runs/log-inputs "{\"run_id\": \"$one\", \"datasets\": [{\"tags\": [{\"key\": \"mlflow.data.context\", \"value\": \"train\"}],
	\"dataset\": {\"name\": \"wine\", \"digest\": \"d1\", \"source_type\": \"local\", \"source\": \"/x\"}}]}"
is "$rc" 200 "a dataset"
is "$(found "datasets.name = 'wine' AND dataset.context = 'train'")" one "is found by its name and context"
get "runs/get?run_id=$one"
json_is 'd["run"]["inputs"]["dataset_inputs"][0]["dataset"]["digest"]' d1 "and shown"

# Artifacts.
files=$server_url/api/2.0/mlflow-artifacts/artifacts
root=$exp/$one/artifacts
printf 'hello artifact' >file
is "$(curl -s -m 20 -T file "$files/$root/dir/a.txt")" '{}' "a file goes up"
curl -s -m 20 -T file "$files/$root/dir/sub/b%20c.txt" >"$out"
curl -s -m 20 -T file "$files/$root/top" >"$out"
is "$(curl -s -m 20 "$files/$root/dir/sub/b%20c.txt")" "hello artifact" "and comes down"
is "$(curl -s -m 20 -r 6-8 "$files/$root/top")" art "in part too"
get "artifacts/list?run_id=$one"
json_is '[(f["path"], f["is_dir"]) for f in d["files"]]' '[["dir",true],["top",false]]' "the run's files"
get "artifacts/list?run_id=$one&path=dir"
json_is '[(f["path"], f.get("file_size")) for f in d["files"]]' '[["dir/a.txt",14],["dir/sub",null]]' "those of a folder"
curl -s -m 20 "$files?path=$root/dir" >"$out"
json_is '[f["path"] for f in d["files"]]' '["a.txt","sub"]' "the proxy lists names"
curl -s -m 20 "$files?path=no/such" >"$out"
json_is 'd' '{}' "and nothing for what is no folder"
for bad in '../x' 'a/%2e%2e/b' 'a//b' '%2Fetc/passwd' 'a/./b' 'a%5c..%5cb' 'a%0ab'; do
	rc=$(curl -s -m 20 --path-as-is -o "$out" -w '%{http_code}' -T file "$files/$bad")
	refused 400 INVALID_PARAMETER_VALUE "no path: $bad"
done
rc=$(curl -s -m 20 -o "$out" -w '%{http_code}' -T file "$files/$root/top/below")
refused 400 INVALID_PARAMETER_VALUE "nothing goes below a file"
curl -s -m 20 -X DELETE "$files/$root/dir" >"$out"
get "artifacts/list?run_id=$one"
json_is '[f["path"] for f in d["files"]]' '["top"]' "a folder is deleted with all in it"
rc=$(curl -s -m 20 -o "$out" -w '%{http_code}' "$files/$root/dir/a.txt")
refused 404 RESOURCE_DOES_NOT_EXIST "it is gone"

post experiments/update '{"experiment_id": "0", "new_name": "renamed"}'
is "$rc" 200 "the default experiment can have another name"

# What is acknowledged is there after SIGKILL.
for n in 1 2 3 4 5 6 7 8; do
	(
		i=0
		while curl -s -m 20 -f -o /dev/null -X POST -H 'Content-Type: application/json' "$server_url/api/2.0/mlflow/runs/log-metric" \
			-d "{\"run_id\": \"$two\", \"key\": \"k$n\", \"value\": $i, \"timestamp\": 1, \"step\": $i}"; do
			echo "$i" >"$tap_root/acknowledged$n"
			i=$((i + 1))
		done
	) &
	writers="$writers $!"
done
wait_for 20 test -s "$tap_root/acknowledged8"
kill -9 "$server_pid"
wait $writers 2>/dev/null
start_server "$data" --no-auth
get 'experiments/get?experiment_id=0'
json_is 'd["experiment"]["name"]' renamed "which it keeps"
lost=
for n in 1 2 3 4 5 6 7 8; do
	[ -s "$tap_root/acknowledged$n" ] || continue
	get "metrics/get-history?run_id=$two&metric_key=k$n"
	[ "$(json_get 'max(m["step"] for m in d["metrics"])')" -ge "$(cat "$tap_root/acknowledged$n")" ] || lost="$lost k$n"
done
is "$lost" "" "nothing acknowledged is lost"
is "$(sqlite3 "$data/mlops.db" 'PRAGMA integrity_check')" ok "the database is whole"
done_testing
