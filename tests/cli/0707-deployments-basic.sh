#!/bin/sh
# Listing and showing deployments and their history.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
run mlops deployments
rc_is 0 "without any"
is "$(cat "$out")" "" "nothing is listed"
run mlops deployments --json
json_is 'd["deployments"]' '[]' "in JSON too"
write_model one && add_version wine one
mlops deploy wine --name prod >/dev/null
mlops deploy wine --name prod >/dev/null
mlops rollback prod >/dev/null

run mlops deployments
like "$out" '^prod +local +wine:1 +3 +running +http://' "is listed"
run mlops deployments --json
schema_ok deployments.json
json_is 'len(d["deployments"])' 1 "in JSON too"
run mlops deployments show prod --json
schema_ok deployments-show.json
json_is 'd["running"]' true "is running"
run mlops deployments show prod
like "$out" '^revision +3 \(rollback of 1\)$' "is shown"
like "$out" '^predict +http://.*/v1/models/wine:predict$' "with where to ask"
run mlops deployments history prod --json
schema_ok deployments-history.json
json_is '[(r["revision"], r["status"]) for r in d["revisions"]]' \
	'[[3,"ACTIVE"],[2,"SUPERSEDED"],[1,"SUPERSEDED"]]' "the history, newest first"
run mlops deployments history prod
like "$out" '^ +3 +ACTIVE +wine:1 +1 ' "for people too"
kill -9 "$(gateway_pid prod)"
is_down() { mlops deployments | grep -q '^prod .* down '; }
ok "a killed gateway is down" wait_for 20 is_down
run mlops deployments show nothing
rc_is 1 "a deployment that is not there"
run mlops deployments history nothing
rc_is 1 "has no history"
done_testing
