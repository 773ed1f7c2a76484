# Files that were never pulled are no deletions: status counts them, checkout leaves them out.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops config core.packThreshold 1
object() { echo ".mlops/store/loose/$(echo "$1" | sed 's/^../&\//')"; }
drop() { # FILE...: as if its content had never been pulled
	for f; do
		rm -f "$(object "$(sha256sum <"$f" | cut -d' ' -f1)")" "$f"
	done
}
tree_of() { # TREE NAME: the object of the folder NAME in TREE
	sed -n "s/^d \([0-9a-f]*\) .* $2\$/\1/p" "$(object "$1")"
}

mkdir -p d/sub/deep d/more
echo a >d/a; echo b >d/b; echo c >d/sub/c; echo e >d/sub/deep/e; echo m >d/more/m; echo f >f
mlops track d f >/dev/null && git commit -qm data
root=$(sed -n 's/^oid: sha256://p' d.mlops)

drop d/a d/sub/c
is "$(mlops status 2>"$err")" "not here: d (2 files)" "two files that are neither here nor in the store"
like "$err" "mlops pull" "the note says how to get them"
ok "that is no change" mlops status --exit-code
run mlops status --json
schema_ok status.json
json_is 'd["clean"], d["changes"]' '[true,[{"files":2,"kind":"absent","path":"d","target":"d"}]]' "a kind of its own"
rm d/b
is "$(mlops status 2>/dev/null)" "deleted: d/b
not here: d (2 files)" "one that could be had back is deleted"
run mlops checkout
rc_is 0 "checkout brings that back"
like "$out" "^1 written, 0 removed, 3 unchanged" "and nothing else"
like "$err" "2 files are not here" "and says so"
is "$(mlops status 2>/dev/null)" "not here: d (2 files)" "as before"
run mlops checkout d
rc_is 1 "a path that is named is wanted whole"
like "$err" "'d/a', 'd/sub/c' is not in the store" "and what it lacks is named"

rm "$(object "$(tree_of "$root" sub)")"
is "$(mlops status 2>/dev/null)" "modified: d/sub
not here: d (1 file)" "a folder whose listing is not here, and that holds something else"
run mlops checkout
rc_is 1 "it is in the way: what belongs there is not known"
rm -r d/sub
is "$(mlops status 2>/dev/null)" "not here: d (3 files)" "all its files are counted when it is gone"
ok "no failure" mlops checkout
mkdir d/sub
is "$(mlops status 2>/dev/null)" "not here: d (3 files)" "nor is an empty one a change"
mkdir -p d/sub/deep && echo c >d/sub/c && echo e >d/sub/deep/e
is "$(mlops status 2>/dev/null)" "not here: d (1 file)" "one that holds what it should is compared by reading it"

drop f
is "$(mlops status f 2>/dev/null)" "not here: f (1 file)" "a tracked file"
rm "$(object "$root")"
is "$(mlops status d 2>/dev/null)" "modified: d" "the whole listing"
rm -r d
is "$(mlops status 2>/dev/null)" "not here: d (5 files)
not here: f (1 file)" "and nothing of it"
run mlops checkout
rc_is 1 "with nothing here at all, checkout fails"

done_testing
