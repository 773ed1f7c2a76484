# Undoing changes of data: from pointers, from a revision, saved before they go.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/sub && echo 1 >d/a && echo 1 >d/b && echo 1 >d/sub/c && echo 1 >f && chmod +x d/b
mlops track d f >/dev/null && git commit -qm one && cp -a d d1
echo 22 >d/a && mlops track d >/dev/null && git commit -qam two && cp -a d d2

back() { # TEXT: whether the store has it
	back_oid=$(printf '%s\n' "$1" | sha256sum | cut -d' ' -f1)
	printf 'mlops: 1\npath: back\nkind: file\noid: sha256:%s\nsize: %d\n' "$back_oid" $((${#1} + 1)) >back.mlops
	mlops checkout back >/dev/null && [ "$(cat back)" = "$1" ]
	back_rc=$?
	rm -f back back.mlops
	return $back_rc
}

echo changed >d/a; chmod -x d/b; rm -r d/sub; echo extra >d/extra; echo other >f
run mlops restore d --json
rc_is 0 "a folder"
schema_ok restore.json
json_is '[d["written"], d["removed"], d["unchanged"]]' '[3,1,0]' "only what differs is touched"
ok "is what its pointer says" diff -r d d2
ok "with modes" test -x d/b
is "$(cat f)" other "what was not named is left alone"
ok "what was overwritten is in the store" back changed
ok "and what was removed" back extra
is "$(git status --porcelain -uno)" "" "no pointer changes"

echo changed2 >d/a; echo changed3 >d/b
stamp=$(stat -c '%i %y' d/b)
ok "one file of a folder" mlops restore d/a
is "$(cat d/a)" 22 "is restored"
is "$(cat d/b) $(stat -c '%i %y' d/b)" "changed3 $stamp" "and no other"
(cd d && mlops restore b) >/dev/null
ok "seen from the current folder" diff -r d d2

ok "from a revision" mlops restore --source HEAD~1 d
ok "is as it was then" diff -r d d1
is "$(git status --porcelain -uno)" "" "no pointer changes"
is "$(mlops status d)" "modified: d/a" "so the data differs from it"
ok "one file of it" mlops restore -s HEAD d/a
is "$(mlops status d)" "nothing has changed" "is as committed"

run mlops restore
rc_is 2 "paths must be named"
run mlops restore nix
rc_is 1 "what is not tracked"
like "$err" "'nix' is not tracked" "is named"
run mlops restore --source nix d
rc_is 1 "no such revision"
like "$err" "git knows no revision 'nix'" "is named"
rm -r .mlops/store d f
run mlops restore f
rc_is 1 "content that is nowhere"
like "$err" "not in the store" "is told"
done_testing
