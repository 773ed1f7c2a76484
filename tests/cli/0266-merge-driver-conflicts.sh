# Conflicts of tracked data: what is told, that nothing is lost, and how they are resolved.
. "$(dirname "$0")/../lib/tap.sh"

change() { # BRANCH COMMAND
	git checkout -q "$1" && mlops checkout --force >/dev/null && sh -c "$2" &&
		mlops track d f >/dev/null && git commit -qam "$1" || exit 1
}
base() {
	new_project
	mkdir -p d/sub
	for f in a b sub/c; do echo "$f" >"d/$f"; done
	echo f >f
	mlops track d f >/dev/null && git add . && git commit -qm base
	git branch one && git branch two
}

base
change one 'echo 1 >d/a; rm d/b; rm -r d/sub; echo 1 >d/sub; echo 1 >d/new; echo 1 >d/only1; echo 1 >f'
change two 'echo 2 >d/a; echo 2 >d/b; echo 2 >d/sub/c; echo 2 >d/new; echo 2 >d/only2; echo 22 >f'
run git merge -q one
rc_is 1 "what both sides changed is a conflict"
like "$(git status --short)" "^UU d.mlops" "git knows of it"
like "$(git status --short)" "^UU f.mlops" "of a tracked file too"
a1=$(echo 1 | sha256sum | cut -d' ' -f1) a2=$(echo 2 | sha256sum | cut -d' ' -f1)
for path in a b sub new; do
	like "$(cat d.mlops)" "^# 'd/$path' was changed on both sides" "d/$path is named"
done
unlike "$(cat d.mlops)" "only" "what one side changed is not"
is "$(grep -A2 "'d/a'" d.mlops | tail -2)" "#   ours: file, 2 B, sha256:$a2
#   theirs: file, 2 B, sha256:$a1" "with what both sides have"
like "$(grep -A2 "'d/b'" d.mlops)" "theirs: removed" "removed by one"
like "$(grep -A2 "'d/sub'" d.mlops)" "ours: folder" "a folder on one"
like "$(cat d.mlops)" "^<<<<<<< ours" "the marks of git are there"
like "$(cat d.mlops)" "^>>>>>>> theirs" "at both ends"
is "$(cat d/a d/only2 | tr '\n' ' ')" "2 2 " "the data are as they were"

for command in status 'track d' checkout; do
	run mlops $command
	rc_is 1 "mlops $command refuses"
	like "$err" "'[df].mlops' has a merge conflict" "and says why"
	like "$err" "mlops checkout --ours '[df]', or --theirs" "and what to do"
done
run mlops checkout --merge d
rc_is 3 "merged again it is still a conflict"
like "$(git status --short)" "^UU d.mlops" "for git too"
run mlops checkout --ours --theirs d
rc_is 2 "one side at a time"
run mlops checkout --ours
rc_is 2 "a path is needed"
run mlops checkout --ours -- nothing
rc_is 1 "what is not in conflict"
like "$err" "no merge conflict" "is told"

run mlops checkout --ours d --json
rc_is 0 "--ours resolves a folder while another conflict is open"
schema_ok checkout.json
is "$(cat d/a d/b d/sub/c d/new d/only1 d/only2 | tr '\n' ' ')" "2 2 2 2 1 2 " \
	"ours where both changed, and what only they changed"
like "$(git status --short)" "^M  d.mlops" "staged"
run mlops checkout --theirs f.mlops
rc_is 0 "--theirs, by the name of the pointer"
is "$(cat f)" 1 "takes theirs"
is "$(mlops status)" "nothing has changed" "all is clean"
ok "git commits it" git commit -qm resolved

git reset -q --hard HEAD~1 && mlops checkout --force >/dev/null
git merge -q one >/dev/null 2>&1
mlops checkout --theirs d >/dev/null
is "$(cat d/a d/sub d/new d/only1 d/only2 | tr '\n' ' ')$(test -e d/b || echo none)" "1 1 1 1 2 none" \
	"--theirs: theirs where both changed, removals too"

base
change one 'echo 1 >d/a'
change two 'echo 2 >d/a'
git merge -q one >/dev/null 2>&1
echo precious >d/a
run mlops checkout --theirs d
rc_is 0 "changes in the work tree"
like "$err" "'d' stays as it was: .*'d/a'" "are kept and named"
is "$(cat d/a)" precious "they are there"

base
change one 'echo 1 >d/a'
git checkout -q two && mlops checkout --force >/dev/null && git rm -q d.mlops && git commit -qm gone
git merge -q one >/dev/null 2>&1
run mlops checkout --ours d
rc_is 1 "a pointer that one side removed"
like "$err" "hint: .*git rm 'd.mlops'" "is git's to remove"
run mlops checkout --theirs d
rc_is 0 "or is taken from the side that has it"
like "$(git status --short)" "^A  d.mlops" "and is staged"

base
change one 'chmod +x f'
change two 'echo 2 >f'
run git merge -q -m merge one
rc_is 0 "mode of one side and content of the other, of a tracked file"
mlops checkout --force >/dev/null
ok "are merged" test -x f -a "$(cat f)" = 2

base
git checkout -q one && rm -r d && echo now-a-file >d && mlops track d >/dev/null && git commit -qam one
change two 'echo 2 >d/a'
git merge -q one >/dev/null 2>&1
like "$(cat d.mlops)" "^# 'd' was changed on both sides" "a file in place of the whole folder"

cp d.mlops marked
run mlops merge-driver marked marked marked d.mlops
rc_is 1 "versions that are no pointers are a conflict"
like "$(cat marked)" "^# not merged: 'd.mlops' has a merge conflict" "that says so"
run mlops merge-driver d.mlops d.mlops d.mlops README
rc_is 1 "so is what mlops knows nothing of"
(exec 9>.mlops/lock && flock 9 && MLOPS_CORE_LOCKTIMEOUT=0s mlops merge-driver d.mlops d.mlops d.mlops d.mlops 2>"$err")
like "$err" "in use by another mlops" "and a project that is locked"

base
change one 'for i in $(seq 30); do echo 1 >d/n$i; done'
change two 'for i in $(seq 30); do echo 2 >d/n$i; done'
git merge -q one >/dev/null 2>&1
is "$(grep -c 'both sides' d.mlops)$(grep '^# and' d.mlops)" "20# and 10 more" "of many conflicts the first are named"
ok "and are resolved at once" mlops checkout --theirs d
is "$(cat d/n7 d/n30 | tr '\n' ' ')" "1 1 " "all of them"

done_testing
