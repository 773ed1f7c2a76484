#!/bin/sh
# mlops serve: requests that wait go to predict() together, and one cannot spoil another.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

# Tells how many rows it got; the first call waits until the others are there.
mkdir wine
cat >wine/predict.py <<MODEL
import os, time

def predict(rows):
    if rows == [["first"]]:
        open("$tap_root/began", "w").close()
        while not os.path.exists("$tap_root/go"):
            time.sleep(0.01)
    if ["bad"] in rows:
        raise ValueError("a bad row")
    if ["die"] in rows:
        os._exit(3)
    return [len(rows) for _ in rows]
MODEL
ask() {
	curl -s --max-time 30 -w '%{http_code}' -o "$tap_root/$1" -d "{\"instances\":$2}" "$u/v1/models/wine:predict" >"$tap_root/$1.status"
}
# together ROWS...: asks for each while the worker is busy, and lets it go on when all wait.
together() {
	rm -f "$tap_root/go" "$tap_root/began"
	ask first '[["first"]]' &
	wait_for 20 test -e "$tap_root/began"
	i=0
	jobs=
	for rows; do
		i=$((i + 1))
		ask $i "$rows" &
		jobs="$jobs $!"
	done
	in_flight() { [ "$(curl -s "$u/metrics" | sed -n 's/^mlops_requests_in_flight //p')" = $((i + 1)) ]; }
	wait_for 20 in_flight
	: >"$tap_root/go"
	# shellcheck disable=SC2086 # one word a job
	wait $jobs
}

serve --dir wine
together '[[1],[2]]' '[[3]]' '[[4]]'
is "$(cat "$tap_root/1" "$tap_root/2" "$tap_root/3" | sort | tr -d '\n')" '{"predictions":[4,4]}{"predictions":[4]}{"predictions":[4]}' "what waits goes together"
together '[[1]]' '[["bad"]]' '[[2]]'
is "$(cat "$tap_root/1.status" "$tap_root/2.status" "$tap_root/3.status")" 200500200 "a row that fails"
is "$(cat "$tap_root/1" "$tap_root/3" | tr -d '\n')" '{"predictions":[1]}{"predictions":[1]}' "leaves the others theirs"
together '[[1]]' '[["die"]]' '[[2]]'
is "$(cat "$tap_root/1.status" "$tap_root/2.status" "$tap_root/3.status")" 200502200 "a row that kills the worker does too"
kill -TERM "$pid"
wait "$pid"

serve --dir wine --batch 0 --queue 2
together '[[1]]' '[[2]]'
is "$(cat "$tap_root/1" "$tap_root/2" | tr -d '\n')" '{"predictions":[1]}{"predictions":[1]}' "each by itself, when that is wanted"
rm -f "$tap_root/go" "$tap_root/began"
ask first '[["first"]]' &
first=$!
wait_for 20 test -e "$tap_root/began"
ask 1 '[[1]]' &
one=$!
ask 2 '[[2]]' &
two=$!
three() { [ "$(curl -s "$u/metrics" | sed -n 's/^mlops_requests_in_flight //p')" = 3 ]; }
wait_for 20 three
is "$(curl -s -D "$tap_root/head" -o "$tap_root/body" -w '%{http_code}' -d '{"instances":[[3]]}' "$u/v1/models/wine:predict")" 503 "a queue that is full"
like "$tap_root/head" '^Retry-After: 1' "says when to come again"
: >"$tap_root/go"
wait $first $one $two
is "$(cat "$tap_root/1.status" "$tap_root/2.status")" 200200 "and serves those who wait"
kill -TERM "$pid"
ok "ends" wait "$pid"
done_testing
