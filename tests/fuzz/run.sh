# run.sh SECONDS: each fuzz target in build/fuzz for that long, two at a time. Ends with
# "N passed, N failed, N skipped"; what a target found stays in build/fuzz/found/.
set -u
seconds=${1:-5}
tree=build/fuzz
mkdir -p "$tree/found"
python3 tests/fuzz/seeds.py "$tree/seeds" || exit 1

fuzz_one() {
	name=$1
	mkdir -p "$tree/corpus/$name" "$tree/seeds/$name"
	[ ! -d "tests/fuzz/seeds/$name" ] || cp "tests/fuzz/seeds/$name"/* "$tree/seeds/$name"
	if "$tree/tests/fuzz/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
		-max_len=8192 -print_final_stats=1 -artifact_prefix="$tree/found/$name-" "$tree/corpus/$name" \
		"$tree/seeds/$name" \
		>"$tree/$name.log" 2>&1; then
		echo "ok   $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$tree/$name.log") inputs"
		echo ok >"$tree/$name.result"
	else
		echo "FAIL $name"
		grep -v '^#\|^stat::\|^INFO\|NEW_FUNC\| fuzzer::' "$tree/$name.log" | tail -25 | sed 's/^/     | /'
		echo fail >"$tree/$name.result"
	fi
}

set -- "$tree"/tests/fuzz/fuzz_*
rm -f "$tree"/*.result
running=0
for target; do
	case $target in *.d | *.o) continue ;; esac
	fuzz_one "$(basename "$target")" &
	running=$((running + 1))
	[ $((running % 2)) = 0 ] && wait
done
wait
passed=$(grep -lx ok "$tree"/*.result 2>/dev/null | wc -l)
failed=$(grep -lx fail "$tree"/*.result 2>/dev/null | wc -l)
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
