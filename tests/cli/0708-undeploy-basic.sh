#!/bin/sh
# Ending a deployment.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
mlops deploy wine --name prod >/dev/null
u=$(url prod)
gateway=$(gateway_pid prod)
worker=$(worker_pid "$u")

run mlops undeploy prod --dry-run --json
schema_ok undeploy.json
json_is 'd["was_running"], d["dry_run"]' '[true,true]' "a dry run says what would be"
is "$(predict "$u" '[[1]]')" '{"predictions":[1]}' "and stops nothing"

# A request that is in flight is answered.
cat >one/predict.py <<MODEL
import os, time
def predict(rows):
    open("$tap_root/asked", "w").close()
    while not os.path.exists("$tap_root/go"): time.sleep(0.01)
    return [7 for r in rows]
MODEL
add_version wine one
mlops deploy wine --name prod >/dev/null
ok "the worker of the old revision ends" wait_for 20 is_gone "$worker"
predict "$u" '[[1]]' >"$tap_root/answer" &
asking=$!
ok "while a request is in flight" wait_for 20 test -e "$tap_root/asked"
mlops undeploy prod --yes >"$tap_root/undeployed" 2>&1 &
undeploying=$!
refuses() { ! curl -s --max-time 5 -o /dev/null "$u/health"; }
ok "new ones are refused" wait_for 20 refuses
: >"$tap_root/go"
wait "$asking"
is "$(cat "$tap_root/answer")" '{"predictions":[7]}' "it is answered"
ok "and then the deployment ends" wait "$undeploying"
ok "the gateway is gone" is_gone "$gateway"
is "$(ls .mlops/run/deploy/prod)" log "only the log is left"
run mlops deployments show prod --json
json_is 'd["running"], d["active"]' '[false,null]' "nothing is active"
run mlops undeploy prod --yes
rc_is 0 "again is fine"
like "$out" 'was not running' "and says so"
run mlops undeploy nothing --yes
rc_is 1 "a deployment that is not there"
done_testing
