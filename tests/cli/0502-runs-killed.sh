# A run whose process was killed does not stay RUNNING; two runs of one name have to be told apart.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  slow:
    cmd: echo $$ >stage.pid; mlops log metric started=1; exec sleep 30
    outs: [never.txt]
YAML
git add -A
git commit -qm start

mlops run --name doomed >/dev/null 2>&1 &
pid=$!
started() { mlops runs show doomed --json | grep -q '"started"'; }
ok "the stage runs" wait_for 10 started
run mlops runs show doomed --json
json_is 'd["status"], d["end_ms"], d["exit_status"]' '["RUNNING",null,null]' "it is RUNNING"
schema_ok runs-show.json
kill -9 $pid "$(cat stage.pid)"
wait $pid 2>/dev/null
run mlops runs --json
json_is 'd["runs"][0]["status"]' KILLED "after kill -9 it is KILLED"
json_is 'd["runs"][0]["exit_status"]' null "with no exit status"
json_is 'd["runs"][0]["end_ms"] >= d["runs"][0]["start_ms"]' true "and an end"
schema_ok runs.json

new_project
printf 'stages:\n  quick: {cmd: echo x >x, outs: [x]}\n' >mlops.yaml
mlops run --name twin >/dev/null 2>&1
mlops run --name twin --force >/dev/null 2>&1
run mlops runs show twin
rc_is 1 "a name of two runs is ambiguous"
like "$err" "'twin' is more than one run" "the message says so"
like "$err" "hint: .*[0-9a-f]{12}, [0-9a-f]{12}" "the hint has their ids"

done_testing
