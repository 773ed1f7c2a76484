# Every way in which data can differ from its pointers, and what finding that out costs.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/sub d/gone d/empty
echo one >f; echo two >g
echo a >d/a; echo b >d/sub/b; echo c >d/gone/c; echo x >d/x; ln -s a d/link
mlops track f g d >/dev/null
is "$(mlops status)" "nothing has changed" "clean"
ok "--exit-code is 0 then" mlops status --exit-code

touch f d/a
run mlops status --verbose
is "$(cat "$out")" "nothing has changed" "touched, but the same"
like "$err" "files read again: 2$" "which took reading those two"
run mlops status --verbose
like "$err" "files read again: 0$" "once"
echo ONE >f; echo longer >d/a; rm -r d/gone; mkdir d/new; echo n >d/new/n; chmod +x d/sub/b
rm d/x; mkdir d/x; echo y >d/x/y; ln -sf b d/link; rm g; rmdir d/empty
run mlops status
rc_is 0 "differences are no failure"
is "$(cat "$out")" "modified: d/a
deleted: d/empty
deleted: d/gone/c
modified: d/link
added: d/new/n
modified: d/sub/b
type: d/x
modified: f
missing: g" "each is told, in order of path"
run mlops status --exit-code
rc_is 3 "--exit-code is 3 then"
run mlops status --json
rc_is 0 "as JSON"
schema_ok status.json
json_is 'd["clean"]' false "not clean"
json_is '[c["target"] for c in d["changes"]][-3:]' '["d","f","g"]' "each names its target"

is "$(mlops status f)" "modified: f" "one path"
is "$(mlops status f.mlops)" "modified: f" "named by its pointer"
is "$(mlops status d/sub | wc -l)" 7 "a path below a target selects the target"
run mlops status none
rc_is 1 "a path that is not tracked"
like "$err" "'none' is not tracked" "is named"
(cd d && mlops status ../f) >"$out"
is "$(cat "$out")" "modified: f" "paths are relative to the current folder"

rm -r d && echo file >d
is "$(mlops status d)" "type: d" "a file where a folder is tracked"
rm f && mkdir f
is "$(mlops status f)" "type: f" "a folder where a file is tracked"
rm -r d f && mlops checkout >/dev/null
is "$(mlops status)" "nothing has changed" "checkout brings all back"

rm .mlops/index
is "$(mlops status)" "nothing has changed" "without the index"
printf 'MLIX garbage' >.mlops/index
is "$(mlops status)" "nothing has changed" "with a damaged index"

# The same size within the same tick of the clock is seen too.
for i in 1 2 3 4 5 6 7 8; do
	printf "$i" >f
	mlops track f >/dev/null
	printf x >f
	[ "$(mlops status)" = "modified: f" ] || tap_point 1 "a quick change, try $i"
done
mlops track f >/dev/null

mlops status >/dev/null
if ASAN_OPTIONS=detect_leaks=0 strace -f -o "$tap_root/trace" mlops status >"$out" 2>&1; then
	is "$(grep -c 'newfstatat(.*"\(a\|b\|c\|y\|f\|g\|link\|x\)"' "$tap_root/trace")" 7 "one lstat a file"
	is "$(grep -c 'open.*"\(a\|b\|c\|f\|g\)"' "$tap_root/trace")" 0 "no content is read"
	unlike "$tap_root/trace" 'libgit2|libcrypto' "neither libgit2 nor libcrypto is loaded"
else
	skip "no strace that works" "one lstat a file"
fi

done_testing
