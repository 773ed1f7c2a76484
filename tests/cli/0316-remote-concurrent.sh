# Several push to one remote while another cleans it up, keeping nothing for its age: what was pushed is
# there in the end, since a push looks again at what gc has marked meanwhile.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

far=$scratch/far
for who in 1 2 3; do
	mkdir "$scratch/w$who" && cd "$scratch/w$who" && git init -q && mlops init >/dev/null || exit 1
	mlops remote add origin "$far"
done

# work WHO: four versions, each pushed.
work() {
	cd "$scratch/w$1" && mkdir data || exit 1
	for version in 1 2 3 4; do
		head -c 1200000 /dev/urandom >data/large
		for n in 1 2 3 4; do echo "$1 $version $n" >"data/f$n"; done
		mlops track data >/dev/null && git add -A && git commit -qm "$version" && mlops push >/dev/null || exit 1
	done
}
work 1 2>"$scratch/err1" & one=$!
work 2 2>"$scratch/err2" & two=$!
work 3 2>"$scratch/err3" & three=$!
wait_for 20 test -d "$far/index"
cd "$scratch/w1" || exit 1
for round in 1 2 3; do
	mlops remote gc --yes --keep-within 0s >"$out" 2>&1
	is $? 0 "gc, round $round"
done
for pid in $one $two $three; do
	wait $pid
	is $? 0 "one that pushed"
done
cat "$scratch"/err? | diag
ok "an independent reader finds all whole" python3 -I -S "$tap_src/tests/lib/remote_reader.py" "$far"
for who in 1 2 3; do
	cd "$scratch/w$who" || exit 1
	ok "$who: a last push" mlops push --verify
	git clone -q . "$scratch/c$who" && cd "$scratch/c$who" || exit 1
	ok "$who: a clone pulls" mlops pull
	ok "$who: the same" diff -r data "$scratch/w$who/data"
done
run mlops remote verify --read-data
rc_is 0 "and the remote verifies"

done_testing
