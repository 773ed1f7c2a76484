#!/bin/sh
# A canary: steps of the traffic, and gates that send it back.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
mkdir bad && cat >bad/predict.py <<'PYTHON'
def predict(rows):
    if rows != [[0, 0]]:
        raise ValueError("broken")
    return [0]
PYTHON
add_version wine bad
# spec MODEL LINES: writes mlops.yaml with the strategy.
spec() {
	printf 'deployments:\n  prod:\n    model: %s\n%s\n' "$1" "$2" >mlops.yaml
}
quick='    strategy: {type: canary, steps: [{weight: 50, for: 1s}]}'

spec wine:1 "$quick"
run mlops deploy
rc_is 0 "a first revision needs no canary"
u=$(url prod)
# The shares of the traffic, by revision.
weights() { control prod status | python3 -I -S -c 'import json, sys
print({r["revision"]: r["weight"] for r in json.load(sys.stdin)["revisions"]})'; }
is "$(weights)" "{1: 1}" "and has all of the traffic"

spec wine:2 '    strategy: {type: canary, steps: [{weight: 30, for: 1s}, {weight: 60, for: 1s}]}'
mlops deploy >"$tap_root/deploy" 2>&1 &
deploy_pid=$!
ok "the next has a part" wait_for 20 sh -c "curl -s --unix-socket .mlops/run/deploy/prod/control.sock http://localhost/status | grep -q '\"weight\":30'"
ok "then a larger one" wait_for 20 sh -c "curl -s --unix-socket .mlops/run/deploy/prod/control.sock http://localhost/status | grep -q '\"weight\":60'"
wait $deploy_pid
is $? 0 "and all of it at the end"
is "$(weights)" "{2: 100}" "alone"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "at the same address"

# Answers that are errors.
start_load "$u" 2>/dev/null || :
spec wine:3 '    strategy: {type: canary, steps: [{weight: 50, for: 20s}]}
    gates: {max_error_percent: 1, min_requests: 5}'
run mlops deploy
rc_is 3 "errors are noticed"
: >"$tap_root/stop"
wait "$load_pid" 2>/dev/null
like "$err" "with 50% of the requests: [0-9]+ of its [0-9]+ answers are errors, [0-9.]+%, and at most 1% may be" "and told of"
is "$(weights)" "{2: 100}" "and the traffic is back"
run mlops deployments history prod --json
json_is '[(r["revision"], r["status"]) for r in d["revisions"]][:2]' '[[3,"FAILED"],[2,"ACTIVE"]]' "as the history has it"

# A command that judges.
cat >judge <<'SH'
#!/bin/sh
echo "$MLOPS_DEPLOYMENT $MLOPS_REVISION $MLOPS_URL" >judged
echo "not today"
exit "$(cat verdict)"
SH
chmod +x judge
spec wine:1 "$quick
    gates: {command: [./judge]}"
echo 4 >verdict
run mlops deploy
rc_is 3 "a command that says no"
like "$err" "gate './judge' says no, by status 4: not today" "is the reason"
is "$(cat judged)" "prod 4 $u" "it knew what it judged"
is "$(weights)" "{2: 100}" "nothing has changed"
cp judge judge.kept
printf '#!/bin/sh\n[ ! -e quiet ] || exec >&-\nsleep 300 &\necho $! >sleeper\nwait\n' >judge
spec wine:1 "$quick
    gates: {command: [./judge], timeout: 300ms}"
run mlops deploy
rc_is 3 "a command that does not end"
like "$err" "gate './judge': './judge' takes too long" "is ended"
ok "with what it started" wait_for 10 sh -c "! kill -0 $(cat sleeper) 2>/dev/null"
is "$(weights)" "{2: 100}" "and nothing has changed"
: >quiet
run mlops deploy
rc_is 3 "also one that has closed its output"
mv judge.kept judge
spec wine:1 "$quick
    gates: {command: [./judge]}"
echo 0 >verdict
run mlops deploy
rc_is 0 "one that says yes"
like "$out" "revision 7 serves wine:1" "lets it pass"
run mlops rollback prod
rc_is 0 "a rollback"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "goes at once"

# Killed between two steps.
spec wine:1 '    strategy: {type: canary, steps: [{weight: 40, for: 60s}]}'
mlops deploy >"$tap_root/deploy" 2>&1 &
deploy_pid=$!
ok "a deployer" wait_for 20 sh -c "curl -s --unix-socket .mlops/run/deploy/prod/control.sock http://localhost/status | grep -q '\"weight\":40'"
kill -9 $deploy_pid
wait $deploy_pid 2>/dev/null
spec wine:1 "$quick"
run mlops deploy
rc_is 0 "the next one puts right what it left"
is "$(weights)" "{10: 100}" "with one revision at the end"

spec wine:1 '    strategy: {type: rolling}
    gates: {command: ./judge}'
run mlops deploy plan
rc_is 1 "gates that nothing would check"
like "$err" "steps and gates are of strategy canary" "are refused"
spec wine:1 '    strategy: {type: blue}'
run mlops deploy plan
like "$err" "type is one of rolling|canary, not 'blue'" "a strategy that there is not"
spec wine:1 '    strategy: {type: canary, steps: [{weight: 100}]}'
run mlops deploy plan
like "$err" "weight is from 1 to 99" "a step that is none"
done_testing
