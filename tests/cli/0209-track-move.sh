# --move: the store takes over large files, and nobody who has one open can change the object.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mlops config core.link hardlink
mkdir d && head -c 2000000 /dev/urandom >d/big && head -c 1500000 /dev/urandom >d/other && echo s >d/small
cp d/other d/twin && cp d/other d/run && chmod 755 d/run && cp d/other d/mine && ln d/mine mine
inode=$(stat -c %i d/big)
cp -a d copy

run mlops track --move d
rc_is 0 "track a folder with --move"
is "$(stat -c '%i %h %a' d/big)" "$inode 2 444" "the file is the object now, and read-only"
is "$(stat -c '%h %a' d/other d/twin | sort -u)" "3 444" "files that are equal are links to one object"
is "$(stat -c '%h %a' d/small d/run | tr '\n' ' ')" "1 644 1 755 " "small and executable files stay as they are"
is "$(stat -c '%h %a' d/mine)" "2 644" "so does what has another link"
ok "the bytes are the same" diff -r d copy
is "$(mlops status)" "nothing has changed" "status is clean"
if ASAN_OPTIONS=detect_leaks=0 strace -f -o "$tap_root/trace" mlops status >/dev/null 2>&1; then
	is "$(grep -c 'openat.*"big"' "$tap_root/trace")" 0 "and reads nothing again"
else
	skip "no strace that works" "and reads nothing again"
fi
ok "verify" mlops verify
is "$(ls .mlops/store/tmp)" "" "nothing is left behind"

head -c 2000000 /dev/urandom >open
exec 5>>open
run mlops track --move open
rc_is 0 "a file that someone has open for writing"
echo written >&5
exec 5>&-
ok "the object does not have what is written to it later" mlops verify
is "$(mlops status)" "nothing has changed" "nor has the file"

mlops config core.link copy
head -c 2000000 /dev/urandom >copied && mlops track copied >/dev/null && cp copied again && echo >>again
mlops config core.link hardlink
ok "what is stored already" mlops track --move copied
is "$(stat -c '%h %a' copied)" "2 444" "becomes a link too"
mlops edit copied >/dev/null && echo changed >>copied
mlops track -u --move >/dev/null
is "$(stat -c '%h %a' copied)" "2 444" "with --update as well"
is "$(tail -c 8 copied)" changed "with what it was changed to"

if grep -aq MLOPS_FAULT "$MLOPS"; then
	head -c 2000000 /dev/urandom >unlucky && cp unlucky lucky
	run env MLOPS_FAULT=store.loose.rename:1 mlops track --move unlucky
	rc_is 1 "when it cannot be made an object"
	is "$(stat -c '%h %a' unlucky)" "1 644" "it is left as it was"
	run env MLOPS_FAULT=store.loose.rename:1:kill mlops track --move unlucky
	ok "killed there and tried again" mlops track --move unlucky
	ok "nothing is lost" cmp unlucky lucky
	ok "verify" mlops verify
fi

mlops config core.link copy
run mlops track --move again
rc_is 0 "where links are not wanted"
is "$(stat -c '%h %a' again)" "1 644" "the file stays as it is"
ok "verify" mlops verify

done_testing
