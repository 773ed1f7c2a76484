# The queue of trials outlives its workers, and no trial is run by two of them.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/exp.sh"

exp_project
# Each trial waits for a file of its own before it ends, or for one that lets all go.
cat >train.sh <<'SH'
n=$(sed -n 's/^n: //p' params.yaml)
echo "$n" >>"$LOG"
until [ -e "$GO/$n" ] || [ -e "$GO/all" ]; do sleep 0.05; done
[ -e "$GO/fail$n" ] && exit 7
echo "{\"score\": $n}" >metrics.json
echo "$n" >model
SH
git commit -qam wait
GO=$scratch/go LOG=$scratch/log
export GO LOG
mkdir "$GO" && : >"$LOG"

run mlops exp run -P 'n=int(1,4)' --queue --name q
rc_is 0 "trials are queued"
is "$(wc -l <"$LOG")" 0 "and not run"
run mlops exp ls --json
json_is 'd["searches"][0]["trials"]["queued"], d["searches"][0]["end_ms"]' '[4,null]' "they wait"

mlops exp work q >/dev/null 2>&1 &
worker=$!
ok "a worker runs the first" wait_for 20 grep -qx 1 "$LOG"
run mlops exp show --json
json_is '[t["status"] for t in d["trials"]]' '["running","queued","queued","queued"]' "as the table says"
schema_ok exp-show.json
kill -9 $worker
wait $worker 2>/dev/null
touch "$GO/1"
run mlops exp show --json
json_is '[t["status"] for t in d["trials"]]' '["queued","queued","queued","queued"]' "what a killed worker had is queued again"
no_child() { ! ps -A -o args= | grep -q "[ ]trial .*$scratch/"; }
ok "its trial ends with it" wait_for 20 no_child

# kill -9 of the worker and of the trial's process: neither can clean up.
rm "$GO/1"
: >"$LOG"
mlops exp work q >/dev/null 2>&1 &
worker=$!
ok "another worker begins again" wait_for 20 grep -qx 1 "$LOG"
child=$(ps -A -o pid= -o args= | awk -v dir="$scratch/" '/ [t]rial / && index($0, dir) { print $1 }')
kill -9 $worker "${child:-none}"
wait $worker 2>/dev/null
wait_for 20 no_child
touch "$GO/1"
run mlops runs --json
json_is 'sorted({r["status"] for r in d["runs"] if "/" in r["name"]})' '["KILLED"]' "its runs are killed"
run mlops exp show --json
json_is '[t["run_id"] for t in d["trials"]]' '[null,null,null,null]' "and not the trial's any more"

# Two workers at once.
: >"$LOG"
touch "$GO/all"
mlops exp work q >"$scratch/w1" 2>&1 &
one=$!
mlops exp work -j2 >"$scratch/w2" 2>&1 &
two=$!
wait $one; is $? 0 "a worker ends when the queue is empty"
wait $two; is $? 0 "so does another beside it"
run mlops exp show --json
json_is '[t["status"] for t in d["trials"]]' '["done","done","done","done"]' "all were run"
is "$(sort "$LOG" | uniq -d)" "" "none of them twice"
run mlops runs show q/1 --json
json_is 'd["status"]' FINISHED "the name of a trial is that of its last run"
run mlops runs show q --json
json_is 'd["status"]' FINISHED "and the search has ended"
is "$(git worktree list | wc -l)" 1 "no work tree is left"
run mlops exp work --json
schema_ok exp-work.json
json_is 'd["done"]' 0 "nothing is left to do"

# An interrupt puts back what runs.
rm "$GO/all" "$GO/1"
: >"$LOG"
mlops exp run -P 'n=int(1,2)' -P lr=5 --name i >"$scratch/i" 2>&1 &
worker=$!
ok "a search is at work" wait_for 20 grep -qx 1 "$LOG"
kill -TERM $worker
wait $worker; is $? 143 "SIGTERM ends it"
like "$scratch/i" "hint: go on with: mlops exp work" "with a hint how to go on"
run mlops exp show i --json
json_is '[t["status"] for t in d["trials"]]' '["queued","queued"]' "its trial is queued again"

# One that fails.
touch "$GO/all" "$GO/fail1"
run mlops exp work
rc_is 1 "a trial that fails"
like "$err" "mlops: 1 trial failed" "is told"
like "$err" "stage 'train' failed.*7" "with the reason"
run mlops exp show i --json
json_is '[(t["status"], t["run_id"] is not None) for t in d["trials"]]' '[["failed",true],["done",true]]' "the others go on"
run mlops exp show i
like "$out" "ERROR" "the table has the reason"

done_testing
