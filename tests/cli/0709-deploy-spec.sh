#!/bin/sh
# Deployments of mlops.yaml: planned, brought up, left alone when nothing changed, refused when wrong.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
end_later second
write_model one && add_version wine one
add=100 write_model two && add_version wine two

run mlops deploy
rc_is 2 "nothing to deploy"
like "$err" 'mlops.yaml has no deployments' "is told so"
cat >mlops.yaml <<'YAML'
deployments:
  prod:
    model: wine:1
  second: {model: wine, workers: 2, timeout: 20s}
YAML
run mlops deploy plan
rc_is 0 "a plan"
is "$(cat "$out")" "prod: create on local
  model: wine:1
  workers: 1
second: create on local
  model: wine:2
  workers: 2" "says what would be made"
run mlops deployments
unlike "$out" prod "and makes nothing"
run mlops deploy plan --exit-code prod --json
rc_is 3 "is a no where something would change"
schema_ok deploy-plan.json
json_is 'd["plan"][0]["action"]' create "and tells what"

run mlops deploy prod
rc_is 0 "one of them"
like "$out" '^prod: revision 1 serves wine:1 on ' "is brought up by its name"
run mlops deploy
rc_is 0 "all of them"
like "$out" '^prod: as it is to be$' "one that has not changed is left alone"
like "$out" '^second: revision 1 serves wine:2 on ' "the other is brought up"
is "$(predict "$(url second)" '[[1,2]]')" '{"predictions":[103]}' "and predicts"
run mlops deploy --json
schema_ok deploy.json
json_is 'len(d["deployments"])' 2 "as JSON both are told of"
run mlops deploy plan --exit-code
rc_is 0 "nothing is left to do"
is "$(cat "$out")" "prod: nothing on local
second: nothing on local" "which the plan says"

sed -i 's/wine:1/wine@best/' mlops.yaml
mlops model alias wine best 2 >/dev/null
run mlops deploy plan prod --workers 3
is "$(cat "$out")" "prod: update on local
  model: wine:1 -> wine:2
  workers: 1 -> 3" "an alias that moved, and what the command line says"
run mlops deploy prod --workers 3
like "$out" '^prod: revision 2 serves wine:2' "is deployed"
mlops deploy wine:1 --name prod >/dev/null
run mlops deploy plan prod
like "$out" 'model: wine:1 -> wine:2' "a deployment that went another way is planned back"
kill "$(gateway_pid prod)" && wait_for 20 sh -c "! mlops deployments show prod | grep -q running"
mlops deploy prod >/dev/null
kill "$(gateway_pid prod)" && wait_for 20 sh -c "! mlops deployments show prod | grep -q running"
run mlops deploy plan prod
is "$(cat "$out")" "prod: start on local" "one that is down is to be started"

# refused TEXT MESSAGE: the deployment is refused with its place.
refused() {
	printf 'deployments:\n  prod:\n    model: wine\n    %s\n' "$1" >mlops.yaml
	run mlops deploy plan
	rc_is "${3:-1}" "refused: $1"
	like "$err" "^mlops: mlops.yaml:[0-9]+:[0-9]+: .*$2" "says why"
}
refused 'modl: x' "modl"
refused 'workers: 0' "workers is from 1 to 256, not '0'"
refused 'port: 70000' 'port is from 0 to 65535'
refused 'timeout: soon' 'timeout is a duration'
refused 'env: [a]' 'env'
refused 'env: {1A: x}' "'1A' is no name of a variable"
refused 'target: moon' "no target named 'moon'" 2
refused 'replicas: 2' "target 'local' has no use for 'replicas'"
printf 'deployments:\n  prod: {}\n' >mlops.yaml
run mlops deploy plan
like "$err" "deployment 'prod' has no model" "a deployment without a model"
printf 'deployments:\n  ../x: {model: wine}\n' >mlops.yaml
run mlops deploy plan
like "$err" "'../x' cannot name a deployment" "a name that is a path"
run mlops deploy --name other
rc_is 2 "a name without a model"
done_testing
