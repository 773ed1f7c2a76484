# Making data what pointers say: switching branches, keeping changes, modes, links, hostile trees.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/sub d/empty
echo 1 >d/a; echo 1 >d/sub/b; chmod +x d/sub/b; ln -s a d/link; echo 1 >f
head -c 2000000 /dev/urandom >d/big
mlops track d f >/dev/null && git commit -qm one && cp -a d d1
echo 2 >d/a; rm -r d/sub; echo 2 >d/sub; mkdir d/more; echo 2 >d/more/c; echo 2 >f; rmdir d/empty
mlops track d f >/dev/null && git commit -qm two && cp -a d d2

git checkout -q HEAD~1
run mlops checkout --json
rc_is 0 "back to the first version"
schema_ok checkout.json
json_is 'd["written"], d["unchanged"]' '[3,2]' "only what differs is written"
ok "it is the first version" diff -r d d1
ok "modes too" test -x d/sub/b
ok "empty folders too" test -d d/empty
is "$(readlink d/link)" a "symlinks too"
git checkout -q -
mlops checkout >/dev/null
ok "and to the second" diff -r d d2
is "$(mlops checkout)" "0 written, 0 removed, 6 unchanged" "nothing to do"

echo precious >d/a; echo extra >d/extra
git checkout -q HEAD~1
run mlops checkout
rc_is 3 "changes that are stored nowhere stand in the way"
like "$err" "'d/a', 'd/extra'" "they are named"
is "$(cat d/a)$(cat d/extra)" "preciousextra" "and kept"
is "$(cat d/sub)" 2 "nothing else was touched"
ok "verify" mlops verify
run mlops checkout --force
rc_is 0 "--force overwrites them"
ok "it is the first version" diff -r d d1
fails "what was extra is gone" test -e d/extra
sum=$(echo precious | sha256sum | cut -d' ' -f1)
mlops verify --json >"$out"
git checkout -q - && mlops checkout >/dev/null
printf 'mlops: 1\npath: saved\nkind: file\noid: sha256:%s\nsize: 9\n' "$sum" >saved.mlops
ok "what was overwritten was stored first" mlops checkout saved
is "$(cat saved)" precious "and can be had back"
rm saved saved.mlops

rm -r d && ln -s d1 d
run mlops checkout d
rc_is 3 "a symlink in place of the folder is a change too"
ok "it is replaced with --force" mlops checkout --force d
ok "not followed" test ! -L d
ok "what it led to is as it was" diff -r d1 d1

rm -r d/more && ln -s "$tap_root" d/more
mlops checkout --force >/dev/null
ok "a symlink inside is replaced, not written through" test ! -e "$tap_root/c"
ok "the folder is back" diff -r d d2

mkfifo d/pipe
run mlops checkout --force
rc_is 3 "a pipe cannot be stored, so it stays"
rm d/pipe

rm -r .mlops/store f
run mlops checkout f
rc_is 1 "content that is not in the store"
like "$err" "hint: fetch it with: mlops pull" "the hint says where to get it"
fails "nothing was written" test -e f
run mlops checkout --json
rc_is 0 "what was never pulled is left out when no path is named"
json_is 'd["absent"], d["unchanged"]' "[1,5]" "and counted"
rm -r d
run mlops checkout
rc_is 1 "unless nothing at all is here"
like "$err" "hint: fetch it with: mlops pull" "with the same hint"
ok "and that is no damage" mlops verify

new_project
head -c 2000000 /dev/urandom >big && mlops track big >/dev/null
mlops config core.link hardlink
rm big && mlops checkout >/dev/null
is "$(stat -c '%h %a' big)" "2 444" "core.link=hardlink links to the store"
is "$(mlops status)" "nothing has changed" "and is clean"
mlops config core.link soft
run mlops checkout
rc_is 1 "a core.link that is not known"
like "$err" "copy or hardlink, not 'soft'" "is refused"
mlops config core.link copy
object=$(find .mlops/store/loose -type f)
chmod u+w "$object" && printf X | dd of="$object" bs=1 seek=9 conv=notrunc status=none
rm big
run mlops checkout
rc_is 3 "a damaged object"
like "$err" "is damaged" "is told"
fails "and is not handed out" test -e big

done_testing
