# MLflow's registry on mlops server: models, versions, stages, aliases, searches, logged models; and the
# same rows for mlops model.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

new_project
start_server "$PWD/.mlops" --no-auth # a project's own database and store
names() { json_get '" ".join(m["name"] for m in d.get("registered_models",[])) if "error_code" not in d else d["message"]'; }
versions() { json_get '" ".join(v["version"] for v in d.get("model_versions",[])) if "error_code" not in d else d["message"]'; }
encode() { python3 -I -S -c 'import sys,urllib.parse; print(urllib.parse.quote(sys.argv[1]))' "$1"; }

post registered-models/create '{"name": "wine", "description": "reds", "tags": [{"key": "team", "value": "a"}]}'
json_is 'd["registered_model"]["name"], d["registered_model"]["description"]' '["wine","reds"]' "a model"
post registered-models/create '{"name": "wine"}'
refused 400 RESOURCE_ALREADY_EXISTS "its name is taken once"
for bad in 'a/b' 'a:b' ''; do
	post registered-models/create "{\"name\": \"$bad\"}"
	refused 400 INVALID_PARAMETER_VALUE "no name: '$bad'"
done
get 'registered-models/get?name=none'
refused 404 RESOURCE_DOES_NOT_EXIST "a model that is not there"

new_run 0 train
printf 'flavors: {}\n' >MLmodel
mkdir sub && printf weights >sub/w
files=$server_url/api/2.0/mlflow-artifacts/artifacts/0/$run/artifacts/model
curl -s -m 20 -T MLmodel "$files/MLmodel" >"$out"
curl -s -m 20 -T sub/w "$files/sub/w" >"$out"
post model-versions/create "{\"name\": \"wine\", \"source\": \"runs:/$run/model\", \"run_id\": \"$run\", \"tags\": [{\"key\": \"k\", \"value\": \"v\"}]}"
json_is '[d["model_version"][k] for k in ("version", "current_stage", "status", "run_id")] == ["1", "None", "READY", "'"$run"'"]' true "a version"
get 'model-versions/get-download-uri?name=wine&version=1'
json_is 'd["artifact_uri"]' "mlflow-artifacts:/0/$run/artifacts/model" "where its files are"
run mlops model show wine --json
rc_is 0 "mlops model sees it"
run mlops verify
rc_is 0 "the project's objects are whole"
post model-versions/create "{\"name\": \"wine\", \"source\": \"s3://elsewhere/m\"}"
json_is 'd["model_version"]["version"]' 2 "one whose files are elsewhere"
post model-versions/create '{"name": "none", "source": "x"}'
refused 404 RESOURCE_DOES_NOT_EXIST "of a model that is not there"
post model-versions/create '{"name": "wine"}'
refused 400 INVALID_PARAMETER_VALUE "without a source"
get 'model-versions/get?name=wine&version=x'
refused 400 INVALID_PARAMETER_VALUE "a version is a number"
get 'model-versions/get?name=wine&version=9'
refused 404 RESOURCE_DOES_NOT_EXIST "that there is"

post model-versions/transition-stage '{"name": "wine", "version": "1", "stage": "production"}'
json_is 'd["model_version"]["current_stage"]' Production "stages are of any case"
post model-versions/transition-stage '{"name": "wine", "version": "2", "stage": "Production", "archive_existing_versions": true}'
get 'model-versions/get?name=wine&version=1'
json_is 'd["model_version"]["current_stage"]' Archived "what was there is archived"
post model-versions/transition-stage '{"name": "wine", "version": "2", "stage": "Best"}'
refused 400 INVALID_PARAMETER_VALUE "a stage that is none"
post registered-models/get-latest-versions '{"name": "wine", "stages": ["Production"]}'
is "$(versions)" 2 "the newest of a stage"

post registered-models/alias '{"name": "wine", "alias": "best", "version": "1"}'
is "$rc" 200 "an alias"
get 'registered-models/alias?name=wine&alias=best'
json_is 'd["model_version"]["version"], d["model_version"]["aliases"]' '["1",["best"]]' "leads to its version"
for bad in latest v3 'a b'; do
	post registered-models/alias "{\"name\": \"wine\", \"alias\": \"$bad\", \"version\": \"1\"}"
	refused 400 INVALID_PARAMETER_VALUE "no alias: $bad"
done
get 'registered-models/alias?name=wine&alias=none'
refused 400 INVALID_PARAMETER_VALUE "an alias that is not there"
run mlops model show wine --json
json_is '[a for v in d["versions"] for a in v["aliases"]]' '["best"]' "mlops model knows it"
call DELETE registered-models/alias '{"name": "wine", "alias": "best"}'
get 'registered-models/get?name=wine'
json_is '"aliases" in d["registered_model"], [v["version"] for v in d["registered_model"]["latest_versions"]]' '[false,["2","1"]]' "it is gone"

post registered-models/create '{"name": "prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}'
post registered-models/create '{"name": "Other"}'
get registered-models/search
is "$(names)" "Other prompt wine" "all, by name"
search() { get "registered-models/search?filter=$(encode "$1")"; names; }
is "$(search "name LIKE 'w%'")" wine "by name"
is "$(search "name ILIKE 'o%'")" Other "of any case"
is "$(search "tags.team = 'a'")" wine "by tag"
is "$(search "tag.\`mlflow.prompt.is_prompt\` != 'true'")" "Other wine" "what is no prompt has no such tag"
is "$(search "tags.\`mlflow.prompt.is_prompt\` = 'true'")" prompt "and what is has"
like "$(search "metrics.x > 1")" "Invalid entity type" "models have no metrics"
get "registered-models/search?max_results=2"
token=$(json_get 'd["next_page_token"]')
get "registered-models/search?max_results=2&page_token=$(encode "$token")"
is "$(names)" wine "in pages"
find_versions() { get "model-versions/search?filter=$(encode "$1")"; versions; }
is "$(find_versions "name='wine' and tags.k = 'v'")" 1 "versions by tag"
is "$(find_versions "run_id = '$run'")" 1 "by run"
is "$(find_versions "version_number > 1")" 2 "by number"

call DELETE model-versions/delete '{"name": "wine", "version": "2"}'
is "$(find_versions "name = 'wine'")" 1 "a version is deleted"
post model-versions/create "{\"name\": \"wine\", \"source\": \"x\"}"
json_is 'd["model_version"]["version"]' 3 "and its number not given again"
post registered-models/rename '{"name": "wine", "new_name": "vine"}'
call PATCH registered-models/update '{"name": "vine", "description": "new"}'
json_is 'd["registered_model"]["description"]' new "renamed and described"
sqlite3 .mlops/mlops.db "INSERT INTO model_signatures SELECT id, 't', 'k', 'k', '{}', 0 FROM model_versions;
	INSERT INTO deployments VALUES (1, 'shop', 'local', 0, 0);
	INSERT INTO revisions (deployment_id, number, model, version, kind, executable, oid, size, files, workers, status, user,
		created_ms) SELECT 1, 1, 'vine', version, kind, executable, oid, size, files, 1, 1, 'u', 0
		FROM model_versions WHERE version = 1 LIMIT 1"
call DELETE registered-models/delete '{"name": "vine"}'
refused 403 PERMISSION_DENIED "what is deployed is not deleted"
sqlite3 .mlops/mlops.db 'DELETE FROM revisions; DELETE FROM deployments'
call DELETE registered-models/delete '{"name": "vine"}'
is "$rc" 200 "a model goes with its signatures"
get 'registered-models/get?name=vine'
refused 404 RESOURCE_DOES_NOT_EXIST "deleted"

# Logged models.
post logged-models "{\"experiment_id\": \"0\", \"name\": \"net\", \"source_run_id\": \"$run\", \"params\": [{\"key\": \"p\", \"value\": \"1\"}]}"
model=$(json_get 'd["model"]["info"]["model_id"]')
like "$model" '^m-[0-9a-f]{32}$' "a logged model"
json_is 'd["model"]["info"]["status"], d["model"]["info"]["artifact_uri"]' "[\"LOGGED_MODEL_PENDING\",\"mlflow-artifacts:/0/models/$model/artifacts\"]" "waits for its files"
curl -s -m 20 -T MLmodel "$server_url/api/2.0/mlflow-artifacts/artifacts/0/models/$model/artifacts/MLmodel" >"$out"
call PATCH "logged-models/$model" '{"status": "LOGGED_MODEL_READY"}'
json_is 'd["model"]["info"]["status"]' LOGGED_MODEL_READY "and is ready"
get "logged-models/$model/artifacts/directories"
json_is '[f["path"] for f in d["files"]]' '["MLmodel"]' "its files"
post runs/log-metric "{\"run_id\": \"$run\", \"key\": \"acc\", \"value\": 0.9, \"timestamp\": 1, \"model_id\": \"$model\"}"
post runs/outputs "{\"run_id\": \"$run\", \"models\": [{\"model_id\": \"$model\", \"step\": 1}]}"
post logged-models/search '{"experiment_ids": ["0"], "filter": "metrics.acc > 0.8 AND params.p = '"'1'"'", "order_by": [{"field_name": "metrics.acc", "ascending": false}]}'
json_is '[m["info"]["name"] for m in d["models"]], d["models"][0]["data"]["metrics"][0]["value"]' '[["net"],0.9]' "found by its metric"
get "runs/get?run_id=$run"
json_is 'd["run"]["outputs"]["model_outputs"][0]["model_id"]' "$model" "the run has it as an output"
call PATCH "logged-models/$model/tags" '{"tags": [{"key": "a/b", "value": "1"}]}'
call DELETE "logged-models/$model/tags/a%2Fb"
is "$rc" 200 "tags go by their path"
call DELETE "logged-models/$model"
get "logged-models/$model"
refused 404 RESOURCE_DOES_NOT_EXIST "a deleted one"
run mlops gc --dry-run --json
rc_is 0 "gc knows the artifacts"
done_testing
