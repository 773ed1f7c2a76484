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

done_testing
