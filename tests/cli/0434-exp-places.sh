# mlops exp where a project may lie, and what one trial leaves behind for the next: nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/exp.sh"

small_pipeline() {
	printf 'lr: 1\n' >params.yaml
	printf 'stages:\n  t: {cmd: cp params.yaml out, params: [lr], outs: [out]}\n' >mlops.yaml
}

new_project
small_pipeline
run mlops exp run -P lr=2 --name unborn
rc_is 0 "before the first commit"
ok "a branch can begin with it" mlops exp branch 1 first
is "$(git show first:params.yaml)" "lr: 2" "and has its parameters"

git init -q "$scratch/above" && cd "$scratch/above" || exit 1
mkdir part && mlops init part >/dev/null && cd part || exit 1
small_pipeline
git add .. && git commit -qm one
run mlops exp run -P lr=3,4 -j2
rc_is 0 "a project that is a folder of the repository"
ok "a trial is applied there" mlops exp apply 2
is "$(cat params.yaml out)" "lr: 4
lr: 4" "in that folder"
git add . && git commit -qm two
git worktree add -q "$scratch/linked" && cd "$scratch/linked/part" || exit 1
run mlops exp run -P lr=5 --name from-linked
rc_is 0 "from a linked work tree"
run mlops -C "$scratch/above/part" exp ls --json
json_is 'd["searches"][0]["name"]' from-linked "searches are on one record"
is "$(git worktree list | wc -l)" 2 "no other work tree is left"
fails "nor a slot in the linked one" test -e .mlops/run/exp

git clone -q --bare "$scratch/above" "$scratch/bare.git" 2>/dev/null
git -C "$scratch/bare.git" worktree add -q "$scratch/of-bare" main 2>/dev/null
cd "$scratch/of-bare/part" || exit 1
run mlops exp run -P lr=6
rc_is 1 "a work tree of a bare repository shares no data with others"
like "$err" "would be no project that shares its data" "as is said"
is "$(cat params.yaml)" "lr: 4" "and nothing ran in it"

new_project
small_pipeline
git rm -rq --cached .mlops 2>/dev/null
echo .mlops >.gitignore
git add . && git commit -qm one
run mlops exp run -P lr=7
rc_is 1 "a project that git does not know"
is "$(cat params.yaml)" "lr: 1" "is not taken for the trial's work tree"

exp_project
mlops init --hooks >/dev/null
cat >train.sh <<'SH'
[ ! -e leftover ] && [ ! -e ignored ] && [ "$(cat data/a)" = "some data" ] || exit 9
grep -q spoiled mlops.yaml && exit 9
sed -n 's/^n: //p' params.yaml >model
cp model metrics.json
touch leftover ignored
echo "# spoiled" >>mlops.yaml
chmod u+w data data/a && rm -f data/a && echo spoiled >data/a && touch data/more
SH
echo ignored >>.gitignore
git add . && git commit -qm spoil
sed -i 's/deps: \[data\]/deps: []/; s/wc -l <data.a/echo 1/' mlops.yaml
run mlops exp run -P n=1,2,3
rc_is 0 "trials in one work tree find nothing of each other"
run mlops exp show --json
json_is '[t["status"] for t in d["trials"]]' '["done","done","done"]' "neither files, nor data, nor changes"
is "$(cat data/a)" "some data" "the user's data is as it was"
fails "and so is the work tree" test -e leftover

done_testing
