# mlops exp run: a grid, each trial in a work tree of its own; exp show and ls.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/exp.sh"

exp_project
echo "# not committed" >>train.sh
echo "staged" >staged.txt && git add staged.txt && echo "changed since" >>staged.txt
echo "new" >new.txt
cat >>train.sh <<'SH'
cat staged.txt new.txt >>model
SH
exp_state >"$scratch/before"
run mlops exp run -P lr=0.1,0.2 -P 'n=range(1,4)' --metric loss --name grid --json
rc_is 0 "a grid of two parameters"
schema_ok exp-run.json
json_is 'd["trials"]["done"], d["best"]["trial"]' '[6,4]' "all were run, and the best is known"
exp_state >"$scratch/after"
ok "work tree, index and branch are as they were, to the byte" cmp "$scratch/before" "$scratch/after"
is "$(wc -l <"$COUNT")" 1 "what no parameter concerns was run once for all"
is "$(git worktree list | wc -l)" 1 "no work tree is left"
fails "nor a folder of one" test -e .mlops/run/exp/1

run mlops exp show --json
schema_ok exp-show.json
json_is '[(t["params"]["lr"], t["params"]["n"]) for t in d["trials"]]' \
	'[["0.1","1"],["0.1","2"],["0.1","3"],["0.2","1"],["0.2","2"],["0.2","3"]]' "the last parameter runs fastest"
json_is 'd["trials"][5]["metrics"]["score"]["value"]' 3 "metrics of a file are the trial's"
run mlops runs show grid/2 --json
json_is 'd["params"], d["status"]' '[{"lr":"0.1","n":"2"},"FINISHED"]' "a trial is a run"
json_is 'd["git_commit"] is None or "dirty" in d["git_commit"]' false "of a commit that has what was not committed"
commit=$(json_get 'd["git_commit"]')
is "$(git show "$commit:new.txt")" new "also new files"
is "$(git show "$commit:staged.txt" | tail -1)" "changed since" "as they were in the work tree"
parent=$(json_get 'd["tags"]["mlflow.parentRunId"]')
run mlops runs show grid --json
json_is 'd["id"], d["status"]' "[\"$parent\",\"FINISHED\"]" "its parent is the search"
run mlops run logs --run grid/2 train
rc_is 0 "logs of a trial's stage are kept"

run mlops exp show grid
like "$out" "TRIAL +STATUS +lr +n +loss +score +DURATION" "a table of parameters and metrics"
run mlops exp show -s loss -d --json
json_is '[t["number"] for t in d["trials"]]' '[3,2,1,6,5,4]' "sorted by a metric, downwards"
run mlops exp show -s n --json
json_is '[t["number"] for t in d["trials"]]' '[1,4,2,5,3,6]' "sorted by a parameter"
run mlops exp show -f 'params.lr == 0.2 and metrics.score > 1' --json
json_is '[t["number"] for t in d["trials"]]' '[5,6]' "filtered"
run mlops exp show --csv
is "$(head -1 "$out" | tr -d '\r')" "trial,status,lr,n,loss,score,duration_ms,run_id,error" "as CSV"
is "$(wc -l <"$out")" 7 "a line for each"
run mlops exp show -s nothing
rc_is 1 "there is nothing of that name to sort by"
run mlops exp show -f 'metrics.loss <'
rc_is 1 "a condition that is none"
run mlops exp ls --json
schema_ok exp-ls.json
run mlops exp ls
like "$out" "^grid +grid +6/6 +4 \(loss 0\.00333333\)" "the list of searches"

echo 3 >data/a
run mlops exp run -P n=1
rc_is 3 "tracked data that differs is refused"
like "$err" "hint: track it" "with a way out"
mlops checkout -f data >/dev/null
head -c 17000000 /dev/zero >big
run mlops exp run -P n=1
rc_is 1 "so is a large new file"
like "$err" "'big' is new and too large" "which is named"
rm big

usage() {
	status=$1 pattern=$2
	shift 2
	run mlops exp run "$@"
	rc_is "$status" "exp run $*"
	like "$err" "$pattern" "is explained"
}
usage 2 "no parameter"
usage 2 "not of the form" -P lr
usage 2 "makes no sense" -P 'lr=uniform(2,1)'
usage 2 "makes no sense" -P 'lr=range(1,2,0)'
usage 2 "has the value '1' twice" -P lr=1,2,1
usage 2 "given twice" -P lr=1 -P lr=2
usage 2 "cannot be tried through|not a list" -P 'lr=uniform(0,1)'
usage 2 "more than 100000" -P 'lr=int(1,1000)' -P 'n=int(1,1000)'
usage 2 "exclude each other" -P lr=1 --random 1 --tpe 1
usage 2 "name a metric" -P lr=1,2 --tpe 3
usage 2 "name a metric" -P lr=1,2 --prune median
usage 1 "no parameter 'lrr'|no stage takes" -P lrr=1
usage 1 "a run named 'grid'" -P lr=1 --name grid
run mlops exp ls --json
json_is 'len(d["searches"])' 1 "none of them made a search"

run mlops exp run -P "lr='0.5,x',\"a b\",\$(touch $scratch/pwned)" -P n=1
rc_is 0 "values with commas, blanks and what a shell would obey"
run mlops exp show --json
json_is '[t["params"]["lr"] for t in d["trials"]]' "[\"0.5,x\",\"a b\",\"\$(touch $scratch/pwned)\"]" "are texts"
fails "that nothing obeys" test -e "$scratch/pwned"

done_testing
