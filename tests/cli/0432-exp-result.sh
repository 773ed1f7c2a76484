# What becomes of trials: apply, branch, push, rm.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/exp.sh"

exp_project
mlops run >/dev/null 2>&1 && git add . && git commit -qm run
echo "# not committed" >>train.sh
mlops exp run -P lr=0.2,0.3 -P n=1,2 --metric loss --name s >/dev/null 2>&1

# apply
cp model old-model
run mlops exp apply s/4 --json
rc_is 0 "a trial's result is applied"
schema_ok exp-apply.json
is "$(cat params.yaml)" "lr: 0.3 # step
n: 2" "its parameters"
is "$(cat model)" "0.3 2" "its output"
is "$(cat metrics.json)" '{"score": 2}' "its metrics"
like train.sh "# not committed" "the change that it was made with is there"
run mlops run
like "$err" "everything is up to date" "nothing is left to run"
run mlops exp apply 4
like "$out" "^0 files and 0 outputs" "once more does nothing"
run mlops exp apply s/1
rc_is 0 "another, over what is of a trial"
is "$(cat model)" "0.2 1" "takes its place"
git diff --name-only >"$scratch/changed"
is "$(tr '\n' ' ' <"$scratch/changed")" "metrics.json mlops.lock params.yaml train.sh " "git sees what was changed"

blocked() {
	what=$1
	exp_state >"$scratch/before"
	run mlops exp apply s/4
	rc_is 3 "$what is not overwritten"
	like "$err" "would be overwritten: '$2'" "and named"
	exp_state >"$scratch/after"
	ok "nothing was changed" cmp "$scratch/before" "$scratch/after"
}
echo "# mine" >>params.yaml
blocked "a change of a parameter file" params.yaml
sed -i '$d' params.yaml
chmod u+w model; echo mine >model
blocked "an output that was changed" model
run mlops exp apply s/4 --force
rc_is 0 "unless it is forced"
is "$(cat model)" "0.3 2" "then it is there"
is "$(mlops cat "sha256:$(printf 'mine\n' | sha256sum | cut -d' ' -f1)" 2>/dev/null || echo mine)" mine "and what was there is in the store"
rm model metrics.json
ok "what is not there is made" mlops exp apply s/4
is "$(cat model metrics.json | tr '\n' ' ')" '0.3 2 {"score": 2} ' "with both"
git checkout -q . && mlops run >/dev/null 2>&1

# branch
exp_state >"$scratch/before"
run mlops exp branch s/3 best
rc_is 0 "a branch of a trial"
exp_state >"$scratch/after"
ok "leaves the work tree as it is" cmp "$scratch/before" "$scratch/after"
is "$(git show best:params.yaml)" "lr: 0.3 # step
n: 1" "has its parameters"
like "$(git show best:train.sh)" "# not committed" "what was not committed"
like "$(git log --format=%B -1 best)" "^Trial s/3" "and a message"
is "$(git rev-parse best~2)" "$(git rev-parse HEAD)" "on top of what was committed"
run mlops exp branch s/1 best
rc_is 1 "one that is there is not moved"
run mlops exp branch s/1 "no..name"
rc_is 1 "nor made with a name that is none"
run mlops exp branch -- s/1 --force
rc_is 1 "nor with an option's"
git stash -q
git checkout -q best && mlops checkout >/dev/null 2>&1
run mlops run
like "$err" "train.*unchanged|up to date|restored|0 ran" "the branch needs no stage to run again"
unlike "$err" "stage 'train': runs" "it was run in the trial"
git checkout -q main

# push
mlops remote add shelf "$scratch/shelf"
run mlops exp push s/4 --json
rc_is 0 "objects of a trial are pushed"
schema_ok exp-push.json
ok "among them its output" sh -c "grep -rqs . '$scratch/shelf'"
git init -q --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
run mlops exp push s/3 s/4 --git origin
rc_is 0 "commits too"
is "$(git -C "$scratch/origin.git" for-each-ref --format=x refs/mlops/exp | wc -l)" 2 "under their names"
git clone -q "$scratch/origin.git" "$scratch/clone" 2>/dev/null && cd "$scratch/clone" || exit 1
git fetch -q origin 'refs/mlops/exp/*:refs/mlops/exp/*' && git checkout -q "$(git for-each-ref --format='%(refname)' refs/mlops/exp | tail -1)"
mlops remote add shelf "$scratch/shelf"
ok "elsewhere the output comes with mlops pull" mlops pull
is "$(cat model)" "0.3 2" "as it was"
cd "$scratch/project1" || exit 1
run mlops exp push s/4 --git nowhere
rc_is 4 "a remote that is none"

# rm
refs() { git for-each-ref --format='%(refname)' refs/mlops/exp | wc -l; }
is "$(refs)" 5 "each trial and what they start from has a ref"
run mlops exp rm s/2 --dry-run --json
schema_ok exp-rm.json
json_is 'd["trials"], d["searches"]' '[1,0]' "a dry run says what would go"
is "$(refs)" 5 "and does nothing"
ok "a model is made of one" mlops model register m --from-run s/1
run mlops exp rm s/2 s/1
rc_is 0 "two trials are removed"
is "$(refs)" 3 "with their refs"
run mlops exp show --json
json_is '[t["number"] for t in d["trials"]]' '[3,4]' "the others stay"
run mlops runs --json
json_is 'sorted(r["name"] for r in d["runs"] if "/" in r["name"])' '["s/1","s/3","s/4"]' "a run stays that a model is from"
run mlops exp apply s/2
rc_is 1 "what was removed is gone"
mlops exp run -P n=7,8 --queue --name t >/dev/null 2>&1
run mlops exp rm t/1
rc_is 0 "a queued trial is removed"
run mlops exp rm t/1
rc_is 1 "but once"
run mlops exp apply t/2
rc_is 1 "one that did not run has no result"
like "$err" "t/2 is queued" "as is said"
run mlops exp rm
rc_is 2 "rm without a name"
run mlops exp rm --all
rc_is 0 "all of them"
is "$(refs)" 0 "leave no ref"
run mlops exp ls --json
json_is 'd["searches"]' '[]' "and no search"
run mlops exp show
rc_is 1 "there is none to show"
like "$err" "hint: make one" "with a hint"

done_testing
