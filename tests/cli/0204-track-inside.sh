# Changing a tracked folder of which little is here: its other files stay what they were.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops config core.packThreshold 1
object() { echo ".mlops/store/loose/$(echo "$1" | sed 's/^../&\//')"; }
forget() { # FILE...: as if its content had never been pulled
	for f; do
		rm -f "$(object "$(sha256sum <"$f" | cut -d' ' -f1)")" "$f"
	done
}
root_of() { sed -n 's/^oid: sha256://p' "$1.mlops"; }
entry() { # TREE NAME: kind, oid and files of an entry
	sed -n "s/^\(. [0-9a-f]* \)[0-9]* \([0-9]* \)$2\$/\1\2/p" "$(object "$1")"
}

mkdir -p d/sub/deep d/other && echo a >d/a; echo b >d/b; echo c >d/sub/c; echo e >d/sub/deep/e; echo o >d/other/o
mlops track d >/dev/null && git commit -qm data
before=$(root_of d)
other=$(entry "$before" other | cut -d' ' -f2)
forget d/a d/b d/sub/c d/sub/deep/e d/other/o
rm -r d "$(object "$other")"

mkdir -p d/sub/new && echo n >d/new.csv && echo m >d/sub/new/m
run mlops track d/new.csv d/sub/new
rc_is 0 "add a file and a folder to a folder of which nothing is here"
like "$out" "^tracked: d \(7 files, 14 B\)" "its pointer counts all of its files"
after=$(root_of d)
is "$(entry "$after" other)" "$(entry "$before" other)" "what is not on the path is as it was"
is "$(entry "$after" a)$(entry "$after" b)" "$(entry "$before" a)$(entry "$before" b)" "files that are not here too"
is "$(git status --short d.mlops)" "M  d.mlops" "git sees that"
is "$(mlops status 2>/dev/null)" "not here: d (5 files)" "status"
ok "again" mlops track d/new.csv
is "$(root_of d)" "$after" "changes nothing"
echo b2 >d/b && mlops track d/b >/dev/null
is "$(entry "$(root_of d)" b)" "f $(sha256sum <d/b | cut -d' ' -f1) 1 " "replace one that was never here"
(cd d/sub && echo z >z && mlops track z) >/dev/null
is "$(mlops status 2>/dev/null)" "not here: d (4 files)" "from a folder below"

run mlops track d/other/x
rc_is 1 "a file that is not there"
like "$err" "mlops untrack 'd/other/x'" "the hint says how to take one out"
mkdir d/other && echo x >d/other/x
run mlops track d/other/x
rc_is 1 "a folder whose listing is not here"
like "$err" "the listing of the folder 'd/other' is not in the store" "is named"
like "$err" "pull --list-only" "with the way to get it"
run mlops track d
rc_is 1 "so with the whole folder, which might lose what it lists"
rm -r d/other

now=$(root_of d)
run mlops track d
rc_is 0 "the whole folder"
is "$(root_of d)" "$now" "keeps what was never pulled"
rm d/new.csv && mlops track d >/dev/null
is "$(entry "$(root_of d)" new.csv)" "" "and drops what was deleted"
is "$(entry "$(root_of d)" a)" "$(entry "$before" a)" "and nothing else"
rm -r d/sub && echo s >d/sub && mlops track d >/dev/null
is "$(entry "$(root_of d)" sub)" "f $(sha256sum <d/sub | cut -d' ' -f1) 1 " "a file in place of a folder"
run mlops track d/sub d
rc_is 1 "a part and the whole"
like "$err" "'d/sub' lies in 'd': give one of them" "are too much"
ln -s a d/link && mlops track d/link >/dev/null
like "$(entry "$(root_of d)" link)" "^l " "a symlink inside is one"
mkfifo d/pipe
run mlops track d/pipe
rc_is 1 "a pipe inside is refused"
rm d/pipe
run mlops track d/sub/below
rc_is 1 "a path through a file"
ok "verify" mlops verify
is "$(mlops verify | grep -c damaged:)" 0 "nothing is damaged"

done_testing
