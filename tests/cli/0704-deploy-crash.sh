#!/bin/sh
# Killed gateways, killed deployers, and two deployers at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
mlops deploy wine:1 --name prod >/dev/null
u=$(url prod)

gateway=$(gateway_pid prod)
worker=$(worker_pid "$u")
kill -9 "$gateway"
ok "a killed gateway" wait_for 20 is_gone "$gateway"
ok "takes its workers along" wait_for 20 is_gone "$worker"
run mlops deployments show prod --json
json_is 'd["running"], d["active"]["revision"]' '[false,1]' "is shown as down"
echo 'raise RuntimeError("boom")' >two/predict.py
add_version wine two
run mlops deploy wine:3 --name prod
rc_is 3 "a failing revision"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "still brings the active one back, at its address"
kill -9 "$(gateway_pid prod)"
run mlops deploy wine:2 --name prod
rc_is 0 "a good one replaces it"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "and serves"

# Two at once: one after the other, or exit 5 when the wait is over.
mlops deploy wine:1 --name prod >"$tap_root/first" 2>&1 &
first=$!
mlops deploy wine:2 --name prod >"$tap_root/second" 2>&1 &
ok "of two deployers one" wait "$first"
ok "and then the other succeed" wait "$!"
run mlops deployments history prod --json
json_is '[r["status"] for r in d["revisions"]].count("ACTIVE")' 1 "and one revision is active"
mkdir -p slow && cat >slow/predict.py <<MODEL
import os, time
def load():
    while not os.path.exists("$tap_root/go"): time.sleep(0.01)
def predict(rows): return [0 for r in rows]
MODEL
add_version slow slow
mlops deploy slow --name prod >"$tap_root/first" 2>&1 &
first=$!
is_starting() { control prod status | grep -q '"starting":[1-9]'; }
ok "while one brings up a revision" wait_for 20 is_starting
MLOPS_CORE_LOCKTIMEOUT=100ms
export MLOPS_CORE_LOCKTIMEOUT
run mlops deploy wine:1 --name prod
rc_is 5 "another one ends with status 5"
run mlops undeploy prod --yes
rc_is 5 "undeploy too"
unset MLOPS_CORE_LOCKTIMEOUT
kill -9 "$first"
: >"$tap_root/go"
run mlops rollback prod --to 1
rc_is 0 "when it was killed, the next one settles"
run mlops deployments history prod --json
json_is '[r["status"] for r in d["revisions"][:2]]' '["ACTIVE","SUPERSEDED"]' "what came up after all"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "and the last one serves"
mlops undeploy prod --yes >/dev/null

# faults POINT STATUS...: a deployer that fails or dies there leaves what the next one can finish.
faults() {
	for mode in "" :kill; do
		MLOPS_FAULT=$1:1$mode mlops deploy wine:2 --name prod >"$tap_root/ok" 2>&1
		isnt $? 0 "$1$mode: the deployer fails"
		run mlops deployments history prod --json
		json_is 'sum(r["status"] == "ACTIVE" for r in d["revisions"]) <= 1' true "at most one is active"
		ok "deploying again succeeds" mlops deploy wine:1 --name prod
		is "$(predict "$(url prod)" '[[1,2]]')" '{"predictions":[3]}' "and serves"
		run mlops deployments history prod --json
		json_is '[r["status"] for r in d["revisions"]].count("PENDING")' 0 "nothing is pending"
	done
}
MLOPS_FAULT=deploy.pending:1 mlops deploy wine:1 --name prod >/dev/null 2>&1
if [ $? = 0 ]; then
	skip "this build has no fault points" "deployers that are killed"
else
	for point in deploy.pending deploy.export deploy.gateway deploy.applied deploy.active; do
		faults "$point"
	done
	MLOPS_FAULT=undeploy.stopped:1:kill mlops undeploy prod --yes >/dev/null 2>&1
	isnt $? 0 "undeploy is killed half-way"
	ok "and again succeeds" mlops undeploy prod --yes
	run mlops deployments show prod --json
	json_is 'd["running"], d["active"]' '[false,null]' "nothing is active"
fi
done_testing
