# Data that follows git: branches, merges, rebases, worktrees, and what must not be lost on the way.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops init --hooks >/dev/null
mkdir -p d/sub
echo a >d/a; echo b >d/sub/b; echo f >f
mlops track d f >/dev/null && git add . && git commit -qm base
git checkout -q -b other
echo 2 >d/a; rm -r d/sub; echo new >d/new; echo g >g
mlops track d g >/dev/null && git rm -q f.mlops && rm f && git add . && git commit -qm other

run git checkout -q main
rc_is 0 "a branch is checked out"
is "$(cat d/a d/sub/b f | tr '\n' ' ')" "a b f " "with its data"
fails "what it has not is removed" test -e g -o -e d/new
like "$err" "^mlops: 3 files checked out, 2 removed" "it is told, in a line"
git checkout -q other
is "$(cat d/a d/new g | tr '\n' ' ')" "2 new g " "and back"
fails "what was gone is gone" test -e f -o -e d/sub
run git checkout -b same
unlike "$(cat "$err")" "mlops" "where no data changed nothing is said"
echo text >README && git add README && git commit -qm text
run git checkout -q other
is "$(cat "$err")" "" "nor where only other files did"
run mlops hook post-checkout HEAD~1 HEAD 0
is "$(cat "$err")" "" "nor when single files were checked out"

git checkout -q main
echo precious >d/a; echo extra >d/extra
run git checkout -q other
rc_is 0 "changes do not stop git"
is "$(cat d/a d/extra | tr '\n' ' ')" "precious extra " "they are kept"
like "$err" "warning: 'd' stays as it was: .*'d/a', 'd/extra'" "and named"
is "$(cat g)" g "all else is checked out"
git checkout -q main 2>/dev/null
echo f2 >f
run git checkout -q other
is "$(cat f)" f2 "data without a pointer is kept when it has changes"
like "$err" "warning: 'f' stays" "and named"
rm f && mlops checkout --force >/dev/null

git checkout -q main && mlops checkout --force >/dev/null
git checkout -q -b one && echo 1 >d/one && mlops track d >/dev/null && git commit -qam one
git checkout -q main && echo 2 >d/two && mlops track d >/dev/null && git commit -qam two
run git merge -q -m merge one
rc_is 0 "a merge"
is "$(cat d/one d/two | tr '\n' ' ')" "1 2 " "brings the data of both"
git checkout -q -b rebased one && echo 3 >d/three && mlops track d >/dev/null && git commit -qam three
run git rebase -q main
rc_is 0 "a rebase"
is "$(cat d/one d/two d/three | tr '\n' ' ')" "1 2 3 " "too"
is "$(mlops status)" "nothing has changed" "all is clean"
echo 4 >d/four && mlops track d >/dev/null && git commit -q --amend -am amended
is "$(cat d/four)" 4 "amending changes nothing"

git checkout -q main
git worktree add -q "$scratch/side" other 2>/dev/null
is "$(cat "$scratch/side/d/new" "$scratch/side/g" | tr '\n' ' ')" "new g " "a new worktree has its data"
git worktree remove --force "$scratch/side"

git checkout -q -b parts main
git rm -q --cached d.mlops && rm d.mlops .gitignore && mv d kept && mkdir d && cp kept/a d/a
mlops track d/a >/dev/null && git add d/.gitignore && git commit -qam parts && rm -r kept
git checkout -q main
is "$(cat d/a d/two | tr '\n' ' ')" "a 2 " "a folder in place of a file in it"
git checkout -q parts
is "$(cat d/a)" a "and the other way round"
git checkout -q main && git checkout -q -b in-git
git rm -q f.mlops && echo in git >f && git add -f f && git commit -qm in-git
git checkout -q main && git checkout -q in-git
is "$(cat f)" "in git" "a file that git took over is git's"
git checkout -q main

rm -rf .mlops/store
run git checkout -q other
rc_is 0 "content that is not here does not stop git"
like "$err" "warning: 'd' is not all here" "it is named"
like "$err" "fetch what is not here with: mlops pull" "and where to get it"

run env MLOPS_CORE_HOOKS=false git checkout -q main
is "$(cat "$err")" "" "MLOPS_CORE_HOOKS=false turns hooks off"
printf 'x\n' >>d.mlops && git commit -qam broken
git checkout -q other 2>/dev/null
run git checkout -q main
rc_is 0 "a pointer that makes no sense does not stop git"
like "$err" "left out: d.mlops" "and is named"
(exec 9>.mlops/lock && flock 9 && MLOPS_CORE_LOCKTIMEOUT=0s git checkout -q one 2>"$err")
is $? 0 "nor does a project that is locked"
like "$err" "tracked data was not checked out: .*in use" "which is told"
run mlops hook pre-commit
rc_is 2 "a hook that mlops knows nothing of"
cd "$scratch" && git init -q none && cd none && git commit -q --allow-empty -m x
run mlops hook post-checkout HEAD HEAD~0 1
rc_is 0 "a repository without a project"
is "$(cat "$err")" "" "is none of its business"

mkdir -p "$scratch/repo/p1" "$scratch/repo/p2" && cd "$scratch/repo" && git init -q
mlops init --hooks p1 >/dev/null && mlops init p2 >/dev/null
for p in p1 p2; do (cd $p && echo 1 >x && mlops track x >/dev/null); done
git add . && git commit -qm base && git checkout -q -b other
for p in p1 p2; do (cd $p && echo 2 >x && mlops track x >/dev/null); done
git commit -qam other && git checkout -q main 2>/dev/null
is "$(cat p1/x p2/x | tr '\n' ' ')" "1 1 " "several projects in one repository"

done_testing
