# Names that break careless programs: they are tracked, ignored by git, and come back.
. "$(dirname "$0")/../lib/tap.sh"

new_project
long=$(printf 'n%.0s' $(seq 1 255))
longest=$(printf 'p%.0s' $(seq 1 249))
bad=$(printf 'bad\377utf')
mkdir set
for name in '-n' 'a b' ' lead' 'tail ' "new
line" "$(printf 'tab\tbell\a')" "$bad" "$long" '%41' '*?[x]' '#x' '!x' "quote'\"" 'back\slash' 'ünïcode' '~' '...'; do
	printf '%s' "$name" >"set/$name"
done
mkdir "set/-d" && : >"set/-d/--"
count=$(find set | tr -dc '\n' | wc -c)
cp -a set copy

ok "track a folder of them" mlops track set
is "$(mlops status)" "nothing has changed" "status is clean"
rm -r set
ok "checkout" mlops checkout
ok "every name and byte is back" diff -r set copy
is "$(find set | tr -dc '\n' | wc -c)" "$count" "none is missing"

cd copy
set -- ./*
cd ..
for name; do
	name=${name#./}
	[ -f "copy/$name" ] && [ "$name" != "$long" ] || continue
	cp "copy/$name" "./$name"
	mlops track -- "$name" >/dev/null 2>"$err" || { cat "$err"; tap_point 1 "track one"; }
done
is "$(ls -1b -- *.mlops | wc -l)" 16 "each can be tracked by itself"
is "$(git status --short | grep -c '^??')" 1 "git ignores each of them (and sees the copy)"
is "$(mlops status)" "nothing has changed" "status is clean"
find . -maxdepth 1 -type f ! -name '*.mlops' ! -name .gitignore -delete
like "$(mlops status 2>/dev/null)" '^missing: "bad\\377utf"' "names that are not text are shown escaped"
ok "checkout of all" mlops checkout
ok "one of them" cmp -- "$bad" "copy/$bad"

run mlops track "$long"
rc_is 1 "no such file"
cp "copy/$long" . && run mlops track "$long"
rc_is 1 "a name that leaves no room for the pointer's"
like "$err" "too long for its pointer: at most 249" "is refused with the limit"
echo x >"$longest" && ok "the longest that fits" mlops track "$longest"

new_project
mkdir -p d/case d/lower && echo a >d/case/Data.csv && echo b >d/case/data.csv && echo c >d/lower/x && echo d >d/lower/y
run mlops track d
rc_is 0 "names that differ by case"
like "$err" "'d/case/data.csv' and 'Data.csv' differ by case alone" "are named in a warning"
is "$(grep -c warning "$err")" 1 "once"
run mlops track d
is "$(cat "$err")" "" "and not where nothing is new"
rm -r d && mlops checkout >/dev/null
is "$(cat d/case/Data.csv d/case/data.csv)" "a
b" "both come back here"

deep=$(printf 'f/%.0s' $(seq 1 250))
mkdir -p "deep/$deep" && echo bottom >"deep/${deep}file" && : >deep/empty && mkdir deep/nothing
ok "250 folders deep" mlops track deep
rm -r deep && mlops checkout >/dev/null
is "$(cat "deep/${deep}file")" bottom "and back"
is "$(mlops status)" "nothing has changed" "status is clean"
ok "an empty file" test -f deep/empty -a ! -s deep/empty
ok "an empty folder" test -d deep/nothing
ok "that" mlops untrack deep
mkdir -p "deep/$deep/f/f/f/f/f/f/f/f" && echo x >"deep/${deep}f/f/f/f/f/f/f/f/x"
run mlops track deep
rc_is 1 "deeper than a tree may be"
like "$err" "nested deeper than 256 folders" "is refused"

truncate -s 64M sparse && echo middle | dd of=sparse bs=1 seek=40000000 conv=notrunc status=none
cp --sparse=always sparse ../sparse.copy
ok "a sparse file" mlops track sparse
rm sparse && mlops checkout >/dev/null
ok "and back" cmp sparse ../sparse.copy

mkdir odd && python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('odd/socket')"
run mlops track odd
rc_is 1 "a socket"
like "$err" "'odd/socket' is a socket, pipe or device" "is refused by name"
rm odd/socket
if mknod odd/null c 1 3 2>/dev/null; then
	run mlops track odd
	rc_is 1 "a device"
	like "$err" "'odd/null' is a socket, pipe or device" "is refused by name"
fi

done_testing
