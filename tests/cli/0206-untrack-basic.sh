# Stopping: pointers go, data stays, and nothing is lost that only the store has.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops config core.packThreshold 1
object() { echo ".mlops/store/loose/$(echo "$1" | sed 's/^../&\//')"; }
forget() { # FILE...: as if its content had never been pulled
	for f; do
		rm -f "$(object "$(sha256sum <"$f" | cut -d' ' -f1)")" "$f"
	done
}
mkdir -p data/d/sub && echo f >data/f; echo g >data/g; echo a >data/d/a; echo b >data/d/sub/b
mlops track data/f data/g data/d >/dev/null && git add .mlops && git commit -qm data

run mlops untrack data/f data/g.mlops --dry-run
rc_is 0 "--dry-run"
like "$out" "^to untrack: data/f" "says what would be done"
is "$(git status --short)" "" "and does nothing"
run mlops untrack data/f data/g.mlops
rc_is 0 "untrack a file, and one by its pointer"
like "$out" "^untracked: data/f" "each is named"
is "$(git status --short)" "M  data/.gitignore
D  data/f.mlops
D  data/g.mlops
?? data/f
?? data/g" "the pointers are gone in git too, and the data is no longer ignored"
is "$(cat data/.gitignore data/f data/g)" "/d
f
g" "the data stays"
run mlops untrack data/f
rc_is 1 "what is not tracked"
like "$err" "'data/f' is not tracked" "is named"
run mlops untrack data
like "$err" "hint: it holds 'data/d'" "a folder that holds tracked paths is not one"
git add -A && git commit -qm "no files"

rm data/d/a && echo B >data/d/sub/b && forget data/d/a 2>/dev/null
git commit -q --allow-empty -m x
run mlops untrack data/d --json
rc_is 0 "a folder of which one file is deleted and one changed"
schema_ok untrack.json
json_is 'd["restored"], d["removed"], d["absent"]' '[1,0,0]' "the deleted one is restored"
is "$(cat data/d/a data/d/sub/b)" "a
B" "the changed one stays"
fails "a .gitignore in which nothing is left goes" test -e data/.gitignore
is "$(git status --short data/.gitignore data/d.mlops)" "D  data/.gitignore
D  data/d.mlops" "also in git"
mlops track data/d >/dev/null
is "$(git status --short | sed -n '/D\|??/p')" "" "it can be tracked again"

echo C >data/d/sub/b
run mlops untrack data/d
rc_is 3 "content that is in no commit, and not in the work tree"
like "$err" "'data/d/sub/b' is in no commit" "is not let go"
run mlops untrack data/d --rm
rc_is 3 "nor is all of it with --rm"
like "$err" "'data/d.mlops' is in no commit" "the pointer is named"
mlops track data/d >/dev/null && git commit -qm again && echo D >data/d/sub/b
run mlops untrack data/d --rm
rc_is 3 "a change that is stored nowhere is kept from --rm"
like "$err" "'data/d/sub/b'" "and named"
ok "nothing has happened" test -e data/d/a -a -e data/d.mlops
run mlops untrack data/d --rm --force --dry-run
like "$out" "^2 files to delete" "--force --dry-run"
fails "stores nothing" test -e "$(object "$(echo D | sha256sum | cut -d' ' -f1)")"
run mlops untrack data/d --rm --force
like "$out" "^2 files deleted" "--rm --force deletes"
fails "the data is gone" test -e data/d
ok "the change was stored first" test -e "$(object "$(echo D | sha256sum | cut -d' ' -f1)")"
git commit -qm "no folder" && git checkout -q HEAD~1 && mlops checkout >/dev/null
is "$(cat data/d/sub/b)" C "a commit brings back what it tracks"

new_project
mlops config core.packThreshold 1
mkdir -p d/sub && echo a >d/a; echo b >d/b; echo c >d/sub/c
mlops track d >/dev/null && git commit -qm data
forget d/a d/sub/c
rmdir d/sub
run mlops untrack d/a d/sub
rc_is 0 "take a file and a folder that were never pulled out of a folder"
is "$(mlops status)" "nothing has changed" "they are not missed"
is "$(grep files: d.mlops)" "files: 1" "the pointer counts the rest"
run mlops untrack d/b --rm
rc_is 0 "take one out that is here, with --rm"
fails "it is deleted" test -e d/b
is "$(mlops status)" "nothing has changed" "the folder is what its pointer says"
echo e >d/e && mlops track d/e >/dev/null
run mlops untrack d/e
rc_is 0 "without --rm"
is "$(mlops status)" "added: d/e" "it stays"
run mlops untrack d/none
rc_is 1 "what a folder does not list"
like "$err" "'d/none' is not listed" "is named"
git checkout -q HEAD d.mlops && rm d/e
forget_all() { rm -r .mlops/store/loose d; }
forget_all
run mlops untrack d
rc_is 0 "a folder of which nothing is here"
like "$err" "3 files were never pulled" "is let go with a note"
ok "verify" mlops verify

done_testing
