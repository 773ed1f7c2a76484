# Merges of mlops.lock, stage by stage.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  alpha:
    cmd: cp params.a a.out
    deps: [params.a]
    outs: [a.out]
  beta:
    cmd: cp params.b b.out
    deps: [params.b]
    outs: [b.out]
  gamma:
    cmd: cp a.out g.out
    deps: [a.out]
    outs: [g.out]
YAML
echo 0 >params.a; echo 0 >params.b
mlops run >/dev/null 2>&1 && git add . && git commit -qm base
git branch one && git branch two

change() { # BRANCH COMMAND
	git checkout -q "$1" && sh -c "$2" && mlops run >/dev/null 2>&1 && git add . && git commit -qm "$1" || exit 1
}
change one 'echo 1 >params.a'
change two 'echo 2 >params.b'
run git merge -q -m merge one
rc_is 0 "branches that ran different stages are merged"
cp mlops.lock "$tap_root/merged"
run mlops run
like "$err$(cat "$out")" "." "it runs"
is "$(git status --short mlops.lock)" "" "what was merged is what a run would have written"
ok "to the byte" cmp mlops.lock "$tap_root/merged"
is "$(cat a.out b.out g.out | tr '\n' ' ')" "1 2 1 " "with the outputs of both"

git branch -f one && git branch -f two && git checkout -q one
change one 'echo 11 >params.a; echo 1 >params.b'
change two 'echo 22 >params.a'
git checkout -q two
run git merge -q one
rc_is 1 "a stage that both sides ran in different ways"
like "$(cat mlops.lock)" "^# stage 'alpha' was changed on both sides" "is named"
like "$(cat mlops.lock)" "^#   ours: 'cp params.a a.out' gave a.out [0-9a-f]{12}" "with what ours gave"
like "$(cat mlops.lock)" "^#   theirs: 'cp params.a a.out' gave a.out" "and theirs"
is "$(grep -c '^# stage' mlops.lock)" 2 "with the stage that follows from it, and no other"
like "$(cat mlops.lock)" "^<<<<<<< ours" "between git's marks"
git checkout -q one -- params.a
run mlops run
rc_is 1 "a run refuses it"
like "$err" "'mlops.lock' has a merge conflict" "and says why"
like "$err" "mlops checkout --ours mlops.lock" "and what to do"
run mlops checkout --theirs mlops.lock
rc_is 0 "--theirs resolves it"
cp mlops.lock "$tap_root/merged"
git checkout -q MERGE_HEAD -- params.b
git commit -qam merged
mlops run >/dev/null 2>&1
ok "to what a run with theirs gives" cmp mlops.lock "$tap_root/merged"

git branch -f one && git branch -f two
git checkout -q one && rm mlops.lock && git commit -qam none
change two 'echo 5 >params.b'
git checkout -q two
run git merge -q one
rc_is 1 "a lock that one side removed"
run mlops checkout --ours mlops.lock
rc_is 0 "is taken from the side that has it"
ok "and makes sense" mlops run

for bad in 'stages: [' 'mlops: 2' '"'; do
	echo "$bad" >bad
	cp mlops.lock ours
	mlops merge-driver bad ours mlops.lock mlops.lock 2>/dev/null
	is $? 1 "a version that makes no sense is a conflict: $bad"
done
printf '' >none
cp mlops.lock ours
ok "without a common version equal ones are no conflict" mlops merge-driver none ours mlops.lock mlops.lock
ok "and stay as they are" cmp ours mlops.lock

done_testing
