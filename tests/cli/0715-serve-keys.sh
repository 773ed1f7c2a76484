#!/bin/sh
# mlops serve: keys with their limits, recorded predictions, and MLflow's form of requests.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

status() {
	curl -s --max-time 20 -o "$tap_root/body" -D "$tap_root/head" -w '%{http_code}' "$@"
}
ask() {
	status -d '{"instances":[[1,2]]}' "$u/v1/models/wine:predict" "$@"
}
sha() {
	printf %s "$1" | sha256sum | cut -d' ' -f1
}

write_model wine
cat >keys <<KEYS
# who may ask
ann $(sha secret-ann)
bob $(sha secret-bob) quota=2	# a day
cid $(sha secret-cid) rate=3
KEYS
serve --dir wine --keys keys --record seen.jsonl
is "$(ask)" 401 "without a key"
like "$tap_root/head" '^WWW-Authenticate: Bearer' "which says what is missing"
is "$(ask -H 'Authorization: Bearer secret-eve')" 401 "with another one"
is "$(ask -H 'Authorization: Basic secret-ann')" 401 "in another form"
is "$(ask -H 'Authorization: Bearer secret-ann')" 200 "with one"
is "$(ask -H 'X-API-Key: secret-ann')" 200 "in the other header"
is "$(status "$u/health")" 200 "health is for all"
is "$(status "$u/metrics")" 401 "metrics are not"
is "$(ask -H 'Authorization: Bearer secret-bob') $(ask -H 'Authorization: Bearer secret-bob')" "200 200" "within a quota"
is "$(ask -H 'Authorization: Bearer secret-bob')" 429 "beyond it"
like "$tap_root/head" '^Retry-After: [1-9][0-9]*' "until tomorrow"
for i in 1 2 3 4 5 6 7 8 9 10; do
	ask -H 'Authorization: Bearer secret-cid'
	echo
done >statuses
ok "a rate is kept" grep -q 429 statuses
is "$(sort statuses | uniq -c | sed -n 's/ *\([0-9]*\) 200/\1/p' | head -1 | sed 's/[3-9]/some/')" some "and allowed"
is "$(status -o "$tap_root/body" -H 'Authorization: Bearer secret-ann' "$u/metrics")" 200 "metrics by a key"
like "$tap_root/body" '^mlops_key_requests_total\{key="bob",result="limited"\} 1$' "count"
unlike "$tap_root/body" secret "and tell no secret"
echo "eve $(sha secret-eve)" >>keys
taken() { [ "$(ask -H 'Authorization: Bearer secret-eve')" = 200 ]; }
ok "a key that is added" wait_for 20 taken
is "$(ask -H 'Authorization: Bearer secret-bob')" 429 "leaves the others' counts"
echo broken >>keys
said() { ask -H 'Authorization: Bearer secret-eve' >/dev/null; grep -q 'stay as they were' "$err"; }
ok "a broken file is told of" wait_for 20 said
is "$(ask -H 'Authorization: Bearer secret-ann')" 200 "and changes nothing"

like seen.jsonl '^\{"x0":1,"x1":2,"prediction":3,"_time":"[^"]*Z","_revision":0,"_ms":[0-9.e-]*\}$' "what is recorded"
kill -TERM "$pid"
wait "$pid"
run mlops monitor profile seen.jsonl
rc_is 0 "is a table to be monitored"
for bad in 'ann' 'ann 12' "a/b $(sha x)" "ann $(sha x) speed=3" "ann $(sha x) rate=0"; do
	echo "$bad" >bad
	run mlops serve --dir wine --keys bad --listen 127.0.0.1:0
	rc_is 1 "not a key: $bad"
done
run mlops serve --dir wine --keys none --listen 127.0.0.1:0
rc_is 1 "no such file"

# MLflow's form
mlflow() {
	curl -s --max-time 20 -H 'Content-Type: application/json' -d "$1" "$u/invocations"
}
serve --dir wine --record seen2.jsonl --record-percent 50
is "$(mlflow '{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,4]]}}')" '{"predictions":[3,7]}' "a frame by columns"
is "$(mlflow '{"dataframe_records":[{"a":1,"b":2}]}')" '{"predictions":[3]}' "by records"
is "$(mlflow '{"instances":[[1,2]],"params":{}}')" '{"predictions":[3]}' "instances"
is "$(mlflow '{"inputs":{"a":[1,2],"b":[3,4]}}')" '{"predictions":[4,6]}' "inputs"
is "$(printf 'a,b\n1,2.5\n"3",4\n' | curl -s -H 'Content-Type: text/csv; charset=utf-8' --data-binary @- "$u/invocations")" '{"predictions":[3.5,7]}' "a table"
is "$(status -H 'Content-Type: text/plain' -d x "$u/invocations")" 415 "another type"
is "$(status -H 'Content-Type: application/json' -d '{"data":[1]}' "$u/invocations")" 400 "another form"
is "$(status -H 'Content-Type: application/json' -d '{"dataframe_split":{"columns":["a"],"data":[[1,2]]}}' "$u/invocations")" 400 "a frame that lies"
is "$(printf 'a,b\n1\n' | status -H 'Content-Type: text/csv' --data-binary @- "$u/invocations")" 400 "a table that lies"
is "$(status "$u/ping")" 200 "ping"
is "$(curl -s "$u/version")" "$(mlops version | sed -n '1s/.* //p')" "version"
is "$(wc -l <seen2.jsonl)" 3 "of every two calls one is recorded"
mv seen2.jsonl old.jsonl
moved() { mlflow '{"instances":[[1,2]]}' >/dev/null; [ -s seen2.jsonl ]; }
ok "a file that was moved away is made anew" wait_for 20 moved
kill -TERM "$pid"
wait "$pid"
done_testing
