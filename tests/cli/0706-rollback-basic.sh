#!/bin/sh
# Going back to earlier revisions.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
mlops deploy wine:1 --name prod --workers 2 >/dev/null
u=$(url prod)
run mlops rollback prod
rc_is 1 "the first revision has none before it"
like "$err" 'no revision before the active one' "and says so"
mlops deploy wine:2 --name prod >/dev/null

run mlops rollback prod --json
rc_is 0 "rolls back"
schema_ok rollback.json
json_is 'd["active"]["revision"], d["active"]["version"], d["active"]["rollback_of"]' '[3,1,1]' "by a new revision"
json_is 'd["active"]["workers"]' 2 "with as many workers"
is "$(predict "$u" '[[1,2],[3,4.5]]')" '{"predictions":[3,7.5]}' "and predicts as the first"
run mlops rollback prod --to 2
rc_is 0 "rolls back to a given revision"
like "$out" '^prod: revision 4 serves wine:2 on http://' "and says so"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "and predicts as that"

echo 'raise RuntimeError("boom")' >two/predict.py
add_version wine two
mlops deploy wine:3 --name prod >/dev/null 2>&1
run mlops rollback prod --to 5
rc_is 1 "not to one that never served"
like "$err" 'revision 5 of .prod. never served' "and says why"
run mlops rollback prod --to 99
rc_is 1 "nor to one that is not there"
run mlops rollback nothing
rc_is 1 "nor in a deployment that is not there"

kill -9 "$(gateway_pid prod)"
run mlops rollback prod --to 1
rc_is 0 "a killed gateway is started again"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "at its address"
mlops undeploy prod --yes >/dev/null
run mlops rollback prod
rc_is 1 "what was undeployed has no active revision"
run mlops rollback prod --to 2
rc_is 0 "but can be brought back by number"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "at its address"
done_testing
