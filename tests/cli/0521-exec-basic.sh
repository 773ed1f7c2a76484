#!/bin/sh
# mlops exec, and stages: what they run logs to the project by MLflow's protocol.
. "$(dirname "$0")/../lib/tap.sh"

new_project
unset MLFLOW_TRACKING_URI
# A client: call NAME JSON, as the environment says.
cat >call <<'SH'
#!/bin/sh
curl -s --max-time 20 -H 'Content-Type: application/json' ${MLFLOW_TRACKING_TOKEN:+-H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN"} \
	-d "$2" "$MLFLOW_TRACKING_URI/api/2.0/mlflow/$1"
SH
chmod +x call
cat >client <<'SH'
#!/bin/sh
set -e
./call runs/log-parameter "{\"run_id\":\"$MLFLOW_RUN_ID\",\"key\":\"lr\",\"value\":\"0.1\"}"
./call runs/log-metric "{\"run_id\":\"$MLFLOW_RUN_ID\",\"key\":\"loss\",\"value\":0.5,\"timestamp\":1,\"step\":1}"
mlops log tag by=both
curl -s --max-time 20 -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" -T note \
	"$MLFLOW_TRACKING_URI/api/2.0/mlflow-artifacts/artifacts/0/$MLFLOW_RUN_ID/artifacts/note"
SH
chmod +x client
echo hello >note

run mlops exec --name first -e quick -- ./client
rc_is 0 "a command"
like "$err" '^run [0-9a-f]{32}: finished$' "has a run"
run mlops runs show first --json
json_is '[d["experiment"], d["status"], d["params"]["lr"], d["metrics"]["loss"]["value"], d["tags"]["by"]]' \
	'["quick","FINISHED","0.1",0.5,"both"]' "that it logged to, by both ways"
is "$(sqlite3 .mlops/mlops.db "SELECT path || ' ' || size FROM artifacts" | sed 's|.*/||')" "note 6" "with an artifact"
run mlops exec -- sh -c 'cat; echo "$MLFLOW_EXPERIMENT_NAME"; exit 7'
rc_is 7 "its exit status is the command's"
run mlops runs show last --json
json_is '[d["status"], d["exit_status"]]' '["FAILED",7]' "and in the record"
is "$(echo input | mlops exec -q -- cat)" input "it reads what we are given"
run mlops exec -- ./nothing
rc_is 1 "a command that is not there"
run mlops exec
rc_is 2 "and none at all"

# Nobody else.
# shellcheck disable=SC2016
is "$(mlops exec -q -- sh -c 'MLFLOW_TRACKING_TOKEN=wrong ./call experiments/search {}' | grep -o 'UNAUTHENTICATED\|PERMISSION_DENIED')" \
	UNAUTHENTICATED "who has not the token is refused"
is "$(mlops exec -q -- sh -c 'env -u MLFLOW_TRACKING_TOKEN ./call experiments/search {}' | grep -o UNAUTHENTICATED)" \
	UNAUTHENTICATED "and who has none"
like "$(mlops exec -q -- sh -c 'echo $MLFLOW_TRACKING_URI' >"$out"; echo "$out")" '^http://127\.0\.0\.1:[0-9]+$' "it is this machine's alone"
before=$(mlops runs --json | grep -c '"id"')
mlops exec --no-run -e own -- sh -c '[ -z "$MLFLOW_RUN_ID" ] && ./call experiments/create "{\"name\":\"$MLFLOW_EXPERIMENT_NAME\"}"' >"$out"
like "$out" experiment_id "without a run it does as it likes"
is "$(mlops runs --json | grep -c '"id"')" "$before" "and there is none"
run env MLFLOW_TRACKING_URI=http://127.0.0.1:9 mlops exec -- sh -c 'echo "$MLFLOW_TRACKING_URI $MLFLOW_RUN_ID $MLFLOW_TRACKING_TOKEN"'
is "$(cat "$out")" "http://127.0.0.1:9  " "another server that is named already is left alone"

# set_experiment() of a client, before it logs and after.
cat >chooser <<'SH'
#!/bin/sh
curl -s -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" \
	"$MLFLOW_TRACKING_URI/api/2.0/mlflow/experiments/get-by-name?experiment_name=chosen" | grep -q '"chosen"' ||
	./call experiments/create '{"name":"chosen"}'
./call runs/log-parameter "{\"run_id\":\"$MLFLOW_RUN_ID\",\"key\":\"lr\",\"value\":\"0.1\"}"
./call experiments/create "{\"name\":\"other$MLFLOW_RUN_ID\"}"
SH
chmod +x chooser
for name in new there; do
	mlops exec -q --name $name -- ./chooser >"$tap_root/ok"
	run mlops runs show $name --json
	json_is '[d["experiment"], d["params"]["lr"]]' '["chosen","0.1"]' "an experiment that the client chooses ($name) before it logs"
done

# What the terminal does not send to all reaches the command.
mlops exec --name ended -- sh -c 'trap "exit 9" TERM; : >begun; while :; do sleep 0.05; done' 2>/dev/null &
exec_pid=$!
wait_for 20 test -e begun
kill -TERM $exec_pid
wait $exec_pid
is $? 9 "a signal is handed on"
mlops runs show ended --json >"$out"
json_is 'd["status"]' FAILED "and the run has ended"

# Stages.
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: ./client, deps: [client, note]}
  b: {cmd: 'echo "$MLFLOW_TRACKING_URI" >uri', env: {MLFLOW_TRACKING_URI: "http://mine"}, outs: [uri]}
YAML
run mlops run --name piped
rc_is 0 "a stage"
run mlops runs show piped --json
json_is '[d["status"], d["params"]["lr"], d["metrics"]["loss"]["value"]]' '["FINISHED","0.1",0.5]' "logs to the run of the pipeline"
is "$(cat uri)" http://mine "its own variables go before ours"
not_there() { ! grep -rqs "$1" .mlops; }
token=$(mlops exec -q -- sh -c 'echo "$MLFLOW_TRACKING_TOKEN"')
ok "the token is nowhere kept" not_there "$token"
done_testing
