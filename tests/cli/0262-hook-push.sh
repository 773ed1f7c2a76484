# Data that goes along with a push of git's: before it, only what is new, or not at all.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops init --hooks >/dev/null
git init -q --bare "$scratch/git" && git remote add origin "$scratch/git"
mkdir d && echo a >d/a && head -c 2000000 /dev/urandom >big
mlops track d big >/dev/null && git add . && git commit -qm base

run git push -q origin main
isnt "$rc" 0 "without a remote for data the push is off"
like "$err" "no remote is set up" "it says why"
like "$err" "git push --no-verify" "and how to push without"
is "$(git ls-remote origin)" "" "git has sent nothing"

mlops remote add origin "$scratch/data" && git commit -qam remote
run git push -q origin main
rc_is 0 "with one it goes"
like "$err" "3 objects, .* sent" "the data first"
like "$(git ls-remote origin)" "refs/heads/main" "then the commits"
run git push -q origin main
is "$(cat "$err")" "" "again nothing is said"
echo text >README && git add README && git commit -qm text
run env MLOPS_REMOTE_ORIGIN_URL="$scratch/nowhere" git push -q origin main
rc_is 0 "commits without data ask no remote"
is "$(cat "$err")" "" "and say nothing"

git checkout -q -b topic
echo 1 >d/one && mlops track d >/dev/null && git commit -qam one
echo 2 >d/one && mlops track d >/dev/null && git commit -qam two
git tag -a v1 -m v1
run git push -q origin v1
like "$err" "4 objects" "each version that the commits name is sent"
git push -q origin topic 2>"$err"
is $? 0 "a branch of the same commits"
run git push -q origin :topic
rc_is 0 "deleting a branch"
is "$(cat "$err")" "" "sends nothing"

git clone -q "$scratch/git" "$scratch/clone" && cd "$scratch/clone" && mlops init --hooks >/dev/null
git checkout -q v1 2>/dev/null
git checkout -q -b more && echo x >x && mlops track x >/dev/null && git add . && git commit -qm x
run git push -q origin more
rc_is 0 "a clone that has pulled nothing"
like "$err" "1 object" "sends what it added"
mlops pull >/dev/null && echo y >d/y && mlops track d >/dev/null && git commit -qam y
rm -rf .mlops/store
run git push -q origin more
isnt "$rc" 0 "data that is nowhere to be had"
like "$err" "neither here nor at remote 'origin'" "is told"
ok "--no-verify pushes without it" git push -q --no-verify origin more

git -c core.hooksPath=/dev/null checkout -q -b pipeline
cat >mlops.yaml <<'YAML'
stages:
  one:
    cmd: date +%N >out
    outs: [out]
YAML
mlops run >/dev/null 2>&1 && git add . && git commit -qm run
run git push -q origin pipeline
rc_is 0 "outputs that mlops.lock names"
like "$err" "1 object" "are sent"

cd "$scratch/project1" && mlops remote add second "$scratch/second" && mlops config core.remote second
echo z >z && mlops track z >/dev/null && git add . && git commit -qm z
git remote add upstream "$scratch/git"
run git push -q upstream HEAD:z
rc_is 0 "all that a new remote of git's has not"
ok "a remote of git's that has no namesake: the default one" test -d "$scratch/second"
echo zz >z && mlops track z >/dev/null && git commit -qam zz
run env MLOPS_CORE_REMOTE=third MLOPS_REMOTE_THIRD_URL="$scratch/third" git push -q "$scratch/git" HEAD:z
rc_is 0 "a remote of git's without a name"
like "$err" "mlops: 1 object, " "gets what its branch has not"
run env MLOPS_CORE_HOOKS=false MLOPS_REMOTE_SECOND_URL=/dev/null git push -q origin HEAD:zz
rc_is 0 "MLOPS_CORE_HOOKS=false pushes without data"

done_testing
