# Worktrees of git share the store, the record of runs and the settings that are not committed.
. "$(dirname "$0")/../lib/tap.sh"

new_project
main=$PWD
mkdir -p data/sub && echo 1 >data/a && echo 1 >data/sub/b
mlops track data >/dev/null
mlops config --local core.remote shelf
mlops remote add shelf ../shelf
git add . && git commit -qm one
git worktree add -q "$scratch/side" -b side && cd "$scratch/side" || exit 1

run mlops status
rc_is 0 "status works in a linked worktree"
run mlops checkout
rc_is 0 "checkout"
ok "has the content from the main worktree's store" diff -r data "$main/data"
fails "and no store of its own is made" test -e .mlops/store
echo 2 >data/c
cd data/sub
run mlops track ..
rc_is 0 "track works in it, from a subfolder"
is "$(git diff --cached --name-only)" "data.mlops" "and stages the pointer in this worktree's index"
cd ../..
is "$(mlops status)" "nothing has changed" "which is clean then"
is "$(mlops config core.remote)" shelf "settings that are not committed are shared"
run mlops push
rc_is 0 "a path of a remote means the same here"
ok "as in the main worktree" test -d "$scratch/shelf"
git commit -qm two

cd "$main"
is "$(mlops status)" "nothing has changed" "the main worktree is as it was"
git merge -q side
mlops checkout >/dev/null
is "$(cat data/c)" 2 "what the linked one tracked is here"
cat >mlops.yaml <<'YAML'
stages:
  one:
    cmd: echo 1 >out
    outs: [out]
YAML
git add . && git commit -qm stage && git -C "$scratch/side" merge -q main
cd "$scratch/side" && mlops run --name there >/dev/null 2>&1
cd "$main"
run mlops runs --json
json_is '[r["name"] for r in d["runs"]]' '["there"]' "runs are on one record"

cd "$scratch/side"
ok "init in a linked worktree" mlops init --hooks
fails "makes no store there either" test -e .mlops/store
ok "and puts hooks where all worktrees have them" test -x "$main/.git/hooks/post-checkout"
git worktree add -q "$scratch/third" -b third 2>/dev/null
ok "a new worktree has its data from the hook" diff -r "$scratch/third/data" data

echo staged >data/staged && mlops track data >/dev/null
cd "$main"
run mlops gc --keep-within 0s --yes
rc_is 0 "gc in the main worktree"
cd "$scratch/side" && rm data/staged && mlops checkout >/dev/null
is "$(cat data/staged)" staged "keeps what is staged in a linked one"
cd "$scratch/third" && run mlops gc --keep-within 0s --yes
rc_is 0 "gc in a linked worktree"
ok "keeps what all have" mlops -C "$main" checkout
is "$(mlops -C "$main" verify | tail -1 | grep -o '[0-9]* damaged')" "0 damaged" "and harms nothing"

mkdir "$scratch/third/.mlops/store"
cd "$scratch/third" && echo own >own && mlops track own >/dev/null
ok "a worktree with a store of its own uses that" test -d .mlops/store/packs

git init -q "$scratch/outer" && cd "$scratch/outer" && mkdir part && mlops init part >/dev/null
echo 1 >part/x && mlops -C part track x >/dev/null && git add . && git commit -qm part
git worktree add -q "$scratch/outer2" && cd "$scratch/outer2/part"
ok "a project that is a folder of the repository" mlops checkout
is "$(cat x)" 1 "shares as well"

git clone -q --bare "$main" "$scratch/bare.git" 2>/dev/null
git -C "$scratch/bare.git" worktree add -q "$scratch/of-bare" main 2>/dev/null
cd "$scratch/of-bare"
run mlops status
rc_is 0 "a worktree of a bare repository keeps its own store"

done_testing
