# Merges of tracked folders with real git: merge, rebase, cherry-pick, criss-cross, files not here.
. "$(dirname "$0")/../lib/tap.sh"

# change BRANCH COMMAND: a commit on the branch that changes tracked data.
change() {
	git checkout -q "$1" && mlops checkout --force >/dev/null && sh -c "$2" &&
		mlops track d >/dev/null && git commit -qam "$1: $2" || exit 1
}
# base: a project with a tracked folder and branches one and two.
base() {
	new_project
	mkdir -p d/sub/deep d/empty
	for f in a b sub/c sub/deep/e; do echo "$f" >"d/$f"; done
	ln -s a d/link
	mlops track d >/dev/null && git add . && git commit -qm base
	git branch one && git branch two
}

base
change one 'echo 1 >d/one; echo 1 >d/sub/one; rm d/a'
change two 'echo 2 >d/two; mkdir d/sub/new; echo 2 >d/sub/new/x; chmod +x d/b; ln -s b d/link2'
git checkout -q one
run git merge -q -m merge two
rc_is 0 "branches that added different files are merged"
mlops checkout --force >/dev/null
is "$(find d | LC_ALL=C sort | tr '\n' ' ')" \
	"d d/b d/empty d/link d/link2 d/one d/sub d/sub/c d/sub/deep d/sub/deep/e d/sub/new d/sub/new/x d/sub/one d/two " \
	"the folder has what both added, and not what one removed"
ok "an executable bit of one side" test -x d/b
cp d.mlops "$tap_root/d.mlops"
mlops track d >/dev/null
ok "the pointer is the one that tracking writes" cmp d.mlops "$tap_root/d.mlops"
ok "the store is sound" mlops verify

base
change one 'echo same >d/n; echo 1 >d/sub/c; rm d/b; echo 1 >d/a; chmod +x d/sub/deep/e'
change two 'echo same >d/n; echo 2 >d/two; rm d/b; echo 1 >d/a; echo 2 >d/sub/deep/e'
run git merge -q -m merge one
rc_is 0 "the same change on both sides is none to argue about"
mlops checkout --force >/dev/null
is "$(cat d/n d/sub/c d/two d/a d/sub/deep/e | tr '\n' ' ')" "same 1 2 1 2 " "content of both"
ok "content of one side and mode of the other" test -x d/sub/deep/e
fails "what both removed is gone" test -e d/b

base
change one 'echo 1 >d/1'
change two 'echo 2 >d/2'
run git rebase -q one
rc_is 0 "a rebase"
mlops checkout --force >/dev/null
is "$(cat d/1 d/2 | tr '\n' ' ')" "1 2 " "has both"
git checkout -q main && git checkout -q -b picked
change picked 'echo 3 >d/3'
run git cherry-pick one
rc_is 0 "a cherry-pick"
mlops checkout --force >/dev/null
is "$(cat d/1 d/3 | tr '\n' ' ')$(test -e d/2 || echo none)" "1 3 none" "takes one commit's change alone"

base
change one 'echo 1 >d/1; rm d/a'
change two 'echo 2 >d/2; rm d/b'
git branch one-old one && git branch two-old two
git checkout -q one && git merge -q -m x two-old && git checkout -q two && git merge -q -m y one-old
change one 'echo 1 >d/sub/1'
change two 'echo 2 >d/sub/2'
run git merge -q -m criss-cross one
rc_is 0 "a criss-cross merge"
mlops checkout --force >/dev/null
is "$(find d -type f | LC_ALL=C sort | tr '\n' ' ')" "d/1 d/2 d/sub/1 d/sub/2 d/sub/c d/sub/deep/e " \
	"has both sides"

base
mlops remote add origin "$scratch/data" && git commit -qam remote && git branch -f one && git branch -f two &&
	mlops push >/dev/null
change one 'echo 1 >d/sub/one'
mlops push >/dev/null
change two 'echo 2 >d/sub/two; echo big >d/a'
mlops push >/dev/null
git clone -q . "$scratch/clone" && cd "$scratch/clone" && git checkout -q one && mlops init >/dev/null
run git merge -q -m merge origin/two
rc_is 1 "without the listings there is a conflict"
like "$err$(cat "$err")" "listing of the folder 'd' is not in the store" "which says so"
like "$(cat d.mlops)" "^# .*mlops checkout --merge d" "and what to do"
like "$(cat d.mlops)" "^<<<<<<< ours" "between git's marks"
run mlops checkout --merge d
rc_is 0 "checkout --merge fetches them and merges again"
is "$(git status --short)" "M  d.mlops" "the result is staged"
git commit -qm merged
fails "no file was fetched" test -e d/sub/one
ok "a pull brings all" mlops pull
is "$(cat d/sub/one d/sub/two d/a | tr '\n' ' ')" "1 2 big " "that the merge has"
rm -rf .mlops/store d && git reset -q --hard HEAD~1
mlops pull --list-only >/dev/null && git checkout -q --detach origin/two && mlops pull --list-only >/dev/null &&
	git checkout -q main && mlops pull --list-only >/dev/null && git checkout -q one
run git merge -q -m merge origin/two
rc_is 0 "with listings alone, and no file, git merges by itself"
fails "no file is here" test -e d/sub

base
git checkout -q one && mkdir e && echo 1 >e/1 && mlops track e >/dev/null && git add . && git commit -qm e1
git checkout -q two && rm -rf e && mkdir e && echo 2 >e/2 && mlops track e >/dev/null && git add . && git commit -qm e2
run git merge -q -m add-add one
rc_is 0 "two folders of one name, without a common version, are united"
mlops checkout --force >/dev/null
is "$(ls e | tr '\n' ' ')" "1 2 " "as git does with folders"

mkdir -p "$scratch/repo/part" && cd "$scratch/repo" && git init -q && mlops init part >/dev/null && cd part
mkdir d && echo a >d/a && mlops track d >/dev/null && git add . && git commit -qm base
git branch one && git branch two
change one 'echo 1 >d/1'
change two 'echo 2 >d/2'
run git merge -q -m merge one
rc_is 0 "a project that is a folder of the repository, from a folder"
mlops checkout --force >/dev/null
is "$(ls d | tr '\n' ' ')" "1 2 a " "merges too"

done_testing
