#!/bin/sh
# No request fails while revisions switch, and while workers are killed.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
mlops deploy wine:1 --name prod --workers 2 >/dev/null
u=$(url prod)

start_load "$u"
ok "deploys under load" mlops deploy wine:2 --name prod --workers 2
ok "rolls back under load" mlops rollback prod
ok "deploys again under load" mlops deploy wine:2 --name prod
stop_load "no request failed over three switches"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "the last one serves"

mlops deploy wine:1 --name prod --workers 2 >/dev/null
start_load "$u"
for round in 1 2 3; do
	pid=$(worker_pid "$u")
	ok "a worker is killed ($round)" kill -9 "$pid"
	ok "and is gone" wait_for 20 is_gone "$pid"
done
stop_load "no request failed over three killed workers"
restarts_are() {
	[ "$(curl -s "$u/metrics" | sed -n 's/^mlops_worker_restarts_total //p')" = "$1" ]
}
ok "three workers were started again" wait_for 20 restarts_are 3
like "$(curl -s "$u/metrics")" '^mlops_revision_info\{model="wine",version="1",revision="5"\} 1$' "the metrics tell what serves"
like "$(curl -s "$u/metrics")" 'mlops_requests_total\{method="POST",route="/v1/models/\{model\}:predict",status="200"\} [0-9]+' "and count requests"
done_testing
