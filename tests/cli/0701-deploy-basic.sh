#!/bin/sh
# Deploying, predicting, a second version, rolling back, undeploying.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two

run mlops deploy wine:1 --name prod
rc_is 0 "deploys"
like "$out" '^prod: revision 1 serves wine:1 on http://127\.0\.0\.1:[0-9]+$' "and says where"
u=$(url prod)
is "$(predict "$u" '[[1,2],[3,4.5]]')" '{"predictions":[3,7.5]}' "TensorFlow Serving's form"
is "$(curl -s -d '{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[1,2,3,4]}]}' "$u/v2/models/wine/infer")" \
	'{"model_name":"wine","model_version":"1","outputs":[{"name":"predictions","shape":[2],"datatype":"INT64","data":[3,7]}]}' \
	"Open Inference Protocol"
is "$(stat -c %a .mlops/run/deploy/prod/control.sock)" 600 "the control socket is the owner's"

run mlops deploy wine:2 --name prod --workers 2 --json
rc_is 0 "deploys the next version"
schema_ok deploy.json
json_is 'd["active"]["version"]' 2 "which is active"
json_is 'd["url"]' "$u" "at the same address"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "and predicts"
is "$(control prod status | grep -o '"workers_ready":[0-9]*')" '"workers_ready":2' "with two workers"

run mlops rollback prod --json
rc_is 0 "rolls back"
schema_ok rollback.json
json_is 'd["active"]["revision"], d["active"]["version"], d["active"]["rollback_of"]' '[3,1,1]' "by a new revision"
is "$(predict "$u" '[[1,2],[3,4.5]]')" '{"predictions":[3,7.5]}' "and predicts as the first"
run mlops rollback prod --to 2
rc_is 0 "rolls back to a given revision"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "and predicts as that"

run mlops deployments
like "$out" '^prod +local +wine:2 +4 +running +http://' "is listed"
run mlops deployments --json
schema_ok deployments.json
run mlops deployments show prod --json
schema_ok deployments-show.json
json_is 'd["running"]' true "is running"
run mlops deployments show prod
like "$out" '^revision +4 \(rollback of 2\)$' "is shown"
run mlops deployments history prod --json
schema_ok deployments-history.json
json_is '[(r["revision"], r["status"]) for r in d["revisions"]]' \
	'[[4,"ACTIVE"],[3,"SUPERSEDED"],[2,"SUPERSEDED"],[1,"SUPERSEDED"]]' "the history, newest first"
run mlops deployments history prod
like "$out" '^ +4 +ACTIVE +wine:2 +2 ' "for people too"
is "$(cd .mlops/run/deploy/prod && echo rev-*)" "rev-3 rev-4" "folders of older revisions are gone"

gateway=$(gateway_pid prod)
worker=$(worker_pid "$u")
run mlops undeploy prod --dry-run --json
schema_ok undeploy.json
ok "a dry run stops nothing" predict "$u" '[[1]]'
run mlops undeploy prod --yes
rc_is 0 "undeploys"
ok "the gateway is gone" is_gone "$gateway"
ok "the worker is gone" is_gone "$worker"
is "$(ls .mlops/run/deploy/prod)" log "only the log is left"
run mlops deployments show prod --json
json_is 'd["running"], d["active"]' '[false,null]' "nothing is active"
run mlops undeploy prod --yes
rc_is 0 "again is fine"
run mlops rollback prod
rc_is 1 "a rollback needs an active revision"
run mlops rollback prod --to 1
rc_is 0 "or a number"
is "$(url prod)" "$u" "and takes the port that it had"
run mlops rollback prod --to 99
rc_is 1 "of a revision that is there"
run mlops deploy wine:1 --name prod --port 1
rc_is 1 "a running deployment keeps its port"

run mlops deploy wine --name ../x
rc_is 2 "a name is no path"
run mlops deploy wine --to moon
rc_is 2 "an unknown target"
like "$err" 'there is: local' "names the targets"
run mlops deploy nothing
rc_is 1 "an unknown model"
run mlops undeploy nothing --yes
rc_is 1 "an unknown deployment"
done_testing
