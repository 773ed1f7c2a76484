# Files that are hard links to the store: made writable, which leaves the store as it is.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir d && head -c 2000000 /dev/urandom >d/big && cp d/big d/other && echo x >>d/other && echo s >d/small
cp -a d copy
mlops track d >/dev/null && git commit -qm data
mlops config core.link hardlink
rm -r d && mlops checkout >/dev/null
is "$(stat -c '%h %a' d/big d/other d/small | tr '\n' ' ')" "2 444 2 444 1 644 " "large files are links"

run mlops edit d/big --json
rc_is 0 "edit one"
schema_ok edit.json
json_is 'd["copied"], d["unchanged"]' '[["d/big"],0]' "it is told"
is "$(stat -c '%h %a' d/big d/other | tr '\n' ' ')" "1 644 2 444 " "it is the user's own, and no other is"
ok "with the same bytes" cmp d/big copy/big
is "$(mlops status)" "nothing has changed" "that is no change"
echo change >>d/big
is "$(mlops status)" "modified: d/big" "a change of it is"
ok "which the store does not see" mlops verify
(cd d && mlops edit .) >"$out"
is "$(cat "$out")" "own copy: d/other
2 files are no link to the store" "a folder"
is "$(stat -c %h d/other)" 1 "has no link left"
run mlops edit none
rc_is 1 "a path that is not there"
ln copy/big mine && run mlops edit mine
is "$(cat "$out")" "1 file is no link to the store" "a link to something else is left alone"
is "$(stat -c %h mine)" 2 "as it is"

rm -r d && git checkout -q d.mlops && mlops checkout >/dev/null
is "$(stat -c %h d/big)" 2 "linked again"
mlops untrack d >/dev/null
is "$(stat -c '%h %a' d/big)" "1 644" "what is no longer tracked is no link either"
ok "verify" mlops verify

done_testing
