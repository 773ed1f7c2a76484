# What keeps an object: each of the things that can name one, and nothing else.
. "$(dirname "$0")/../lib/tap.sh"

collect() { mlops gc --keep-within 0 --yes >"$tap_root/gc" 2>&1 || { diag <"$tap_root/gc"; return 1; }; }
# version NAME: tracks a content of that name, and keeps its pointer where gc does not look.
version() {
	rm -f f && echo "$1" >f && mlops track f >/dev/null && cp f.mlops "$tap_root/$1.mlops"
}
# held NAME: that version is in the store still. The work tree is left as it was found.
held() {
	cp f.mlops "$tap_root/saved" && cp "$tap_root/$1.mlops" f.mlops && rm -f f
	mlops checkout f >"$tap_root/ok" 2>&1 && [ "$(cat f)" = "$1" ]
	held_rc=$?
	cp "$tap_root/saved" f.mlops
	return $held_rc
}
all_held() { for v; do held "$v" || { diag "$v is lost"; return 1; }; done; }
none_held() { for v; do ! held "$v" || { diag "$v is there"; return 1; }; done; }
forget_log() { git reflog expire --expire=now --all && rm -f .git/ORIG_HEAD; }
back() { git reset -q --hard "${1:-HEAD}"; }

new_project
version base && git add -A && git commit -qm base
version gone && git commit -qam gone && back HEAD~1
version never && back
forget_log
version branch && git checkout -q -b side && git commit -qam branch && git checkout -q main
version tag && git commit -qam tag && git tag -a v1 -m v1 && back HEAD~1
version remote && git commit -qam remote && git update-ref refs/remotes/origin/main HEAD && back HEAD~1
version old-stash && git stash -q
version stash && git stash -q
version log && git commit -qam log && back HEAD~1
run mlops gc --keep-within 0 --dry-run --json
rc_is 0 "dry run"
schema_ok gc.json
json_is 'd["objects"], d["named"], d["dry_run"], d["quarantined"]' '[2,7,true,false]' "two would go"
ok "and none went" all_held gone never
ok "gc" collect
ok "branch, tag, remote branch, stashes and log keep what they name" \
	all_held base branch tag remote old-stash stash log
ok "what nothing names is gone" none_held gone never
ok "the store is whole" mlops verify

git stash clear
git tag -d v1 >/dev/null
git branch -qD side
git update-ref -d refs/remotes/origin/main
forget_log
ok "gc again" collect
ok "they all let go" none_held branch tag remote old-stash stash log
ok "and what is committed stays" all_held base

version tree
version staged
version unstaged && git reset -q && cp "$tap_root/staged.mlops" f.mlops && git add f.mlops &&
	cp "$tap_root/unstaged.mlops" f.mlops
ok "gc with a staged pointer and another in the work tree" collect
ok "both keep" all_held staged unstaged
ok "and not what was tracked before" none_held tree

back
version ours && git commit -qam ours
git checkout -q -b other HEAD~1 && version theirs && git commit -qam theirs && git checkout -q main
git merge -q other >/dev/null 2>&1
is "$(git ls-files -u | wc -l | tr -d ' ')" 3 "there is a conflict"
git update-ref -d refs/heads/other && rm -f .git/MERGE_HEAD && forget_log
run mlops gc --keep-within 0 --yes
rc_is 1 "a pointer with the marks of a conflict names nothing that can be told: gc fails"
like "$err" "f.mlops" "and names it"
cp "$tap_root/ours.mlops" f.mlops
ok "gc with both sides staged" collect
ok "keeps both" all_held ours theirs
back

# Linked work trees.
git worktree add -q --detach ../linked HEAD
version linked && git commit -qam linked && commit=$(git rev-parse HEAD) && back HEAD~1
version passed && git commit -qam passed && passed=$(git rev-parse HEAD) && back HEAD~1
forget_log
git -C ../linked reset -q --hard "$passed"
git -C ../linked reset -q --hard "$commit"
cp "$tap_root/base.mlops" ../linked/f.mlops && version index && cp f.mlops ../linked/ && back && git -C ../linked add f.mlops
rm -f .git/worktrees/linked/ORIG_HEAD
ok "gc" collect
ok "the head, its log and the index of a linked work tree keep" all_held linked passed index
rm -rf ../linked
ok "gc when that is away" collect
ok "it keeps as long as git remembers it" all_held linked passed index
git worktree prune --expire now
ok "gc when git forgot it" collect
ok "and no longer" none_held linked passed index

# A project below the top of its repository.
mkdir "$scratch/top" && cd "$scratch/top" && git init -q && mkdir deep && cd deep
mlops init >/dev/null && git commit -qm init
version first && git add -A . && git commit -qm first
version second && git commit -qam second
ok "below the top of a repository: gc" collect
ok "history keeps" all_held first second

# Runs, models and mlops.lock, when git never knew.
new_project
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: mkdir -p model && cat in >model/weights
    deps: [in]
    outs: [model: {type: model}]
YAML
for n in 1 2 3; do
	echo "$n" >in
	mlops run --name "run$n" >/dev/null 2>&1
done
ok "gc" collect
ok "what runs made is all there" mlops verify
run mlops verify --json
json_is 'd["objects"], d["absent"]' '[6,[]]' "each with its folder"
sqlite3 .mlops/mlops.db "PRAGMA foreign_keys=on; DELETE FROM runs WHERE name != 'run1'"
ok "gc when runs are deleted" collect
run mlops verify --json
json_is 'd["objects"], d["absent"]' '[4,[]]' "mlops.lock and a run that is left keep theirs"
mlops model register m --from-run run1 >/dev/null
sqlite3 .mlops/mlops.db "PRAGMA foreign_keys=off; DELETE FROM run_objects; DELETE FROM runs"
ok "gc when all runs are" collect
run mlops verify --json
json_is 'd["objects"], d["absent"]' '[4,[]]' "a model version keeps"
rm mlops.lock
ok "gc without mlops.lock" collect
run mlops verify --json
json_is 'd["objects"], d["absent"]' '[2,[]]' "and keeps alone"

done_testing
