#!/bin/sh
# mlops runs plot: curves in characters and as JSON.
. "$(dirname "$0")/../lib/tap.sh"

new_project
for run in a b; do
	mlops exec -q --name $run -- sh -c 'for i in 1 2 3 4; do mlops log metric loss=0.$i --step $((i * 10)); done
mlops log metric loss=nan --step 50'
done
mlops exec -q --name c -- mlops log metric other=1
run mlops runs plot loss a
rc_is 0 "one run"
like "$out" '^ +0.4 \|' "has the range of values"
like "$out" '^ +10 +40$' "and of steps"
like "$out" '^ +\* loss$' "and what it is"
run mlops runs plot loss a b
like "$out" '^ +\* a: loss$' "two runs have a mark each"
like "$out" '^ +\+ b: loss$' "with their names"
run mlops runs plot loss a c --json
rc_is 0 "a run that has none of it is no failure beside one that has"
schema_ok runs-plot.json
json_is '[[r["name"], [[p["step"], p["value"]] for p in r["points"]]] for r in d["runs"]]' \
	'[["a",[[10,0.1],[20,0.2],[30,0.3],[40,0.4],[50,"NaN"]]],["c",[]]]' "the points as JSON"
mlops exec -q --name back -- sh -c 'mlops log metric loss=1 --step 2; sleep 0.01; mlops log metric loss=2 --step 1'
run mlops runs plot loss back --json --x time
json_is '[p["step"] for p in d["runs"][0]["points"]]' '[2,1]' "in the order of their times"
run mlops runs plot loss back --json
json_is '[p["step"] for p in d["runs"][0]["points"]]' '[1,2]' "or of their steps"
is "$(LC_ALL=C.UTF-8 mlops runs plot loss back | grep -c '│')" 16 "a terminal of UTF-8 gets dots"
run mlops runs plot los last
rc_is 1 "a metric that there is not"
like "$err" "did you mean 'loss'" "with what is near"
run mlops runs plot loss nothing
rc_is 1 "a run that there is not"
run mlops runs plot loss --x wheel
rc_is 2 "an axis that there is not"
done_testing
