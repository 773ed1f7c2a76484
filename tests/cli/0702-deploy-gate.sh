#!/bin/sh
# Revisions that do not pass their gate: the old one serves on, the exit status is 3.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

# try NAME WHY [OPTION...]: deploys the folder `bad`, which must fail for that reason.
try() {
	tap_what=$1 tap_why=$2
	shift 2
	add_version wine bad
	run mlops deploy wine --name prod "$@"
	rc_is 3 "$tap_what"
	like "$err" "$tap_why" "and says why"
	is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "the old one serves on"
}

# bad_model: standard input becomes the model `bad`.
bad_model() {
	rm -rf bad
	mkdir bad
	cat >bad/predict.py
}

new_project
end_later prod
end_later fresh
write_model good
echo '[[1, 2], [3, 4]]' >good/sample.json
add_version wine good
run mlops deploy wine --name prod
rc_is 0 "a sample that has predictions passes"
u=$(url prod)

echo 'raise RuntimeError("boom")' | bad_model
try "raises at import" 'RuntimeError: boom'
echo 'def predict(' | bad_model
try "is no Python" 'SyntaxError'
echo 'x = 1' | bad_model
try "has no predict()" 'no function predict'
bad_model <<MODEL
import time
def load(): time.sleep(600)
def predict(rows): return rows
MODEL
try "hangs in load()" 'did not load within 300 ms' --timeout 300ms
bad_model <<MODEL
import os
os._exit(9)
MODEL
try "ends by itself" 'ended with status 9'
write_model bad
echo '["x"]' >bad/sample.json
try "fails on its sample" "fails on 'sample.json': TypeError"
echo '{"x": 1}' >bad/sample.json
try "has a sample of another kind" 'not a list of rows'
rm -rf bad
mkdir bad
echo 1 >bad/weights
try "has no predict.py" 'predict.py'

run mlops deployments history prod --json
schema_ok deployments-history.json
json_is '[r["status"] for r in d["revisions"]].count("FAILED")' 8 "all of them are in the history"
json_is 'd["revisions"][-2]["reason"]' 'the model does not load: RuntimeError: boom' "with the reason"

echo 'raise RuntimeError("boom")' | bad_model
add_version wine bad
run mlops deploy wine --name fresh
rc_is 3 "a first revision that fails"
ok "leaves nothing running" test ! -e .mlops/run/deploy/fresh/control.sock
run mlops deployments show fresh --json
json_is 'd["running"], d["active"]' '[false,null]' "and nothing active"

echo 1 >file
add_version flat file
run mlops deploy flat
rc_is 3 "a file that is no model"
like "$err" "revision 1 of 'flat' does not serve" "does not serve"
python3 -S "$tap_src/tests/lib/scoring.py" m && mv m/logistic.json tree.json || exit 1
add_version flat tree.json
end_later flat
run mlops deploy flat
rc_is 0 "one that is scored without Python"
like "$(curl -s -d '{"instances":[[0.4,0]]}' "$(url flat)/v1/models/flat:predict" >"$out"; echo "$out")" \
	'^\{"predictions":\[0\.' "does"
done_testing
