# `mlops track` of changed data, killed at random times: what was committed can be checked out, what is new is tracked next time.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

fill() { # VERSION
	mkdir -p data/sub
	for i in 1 2 3 4 5 6 7 8; do
		echo "version $1 of file $i" >"data/sub/f$i"
	done
	yes "$1" | head -c 1500000 >data/large
}

prepare() {
	git init -q && mlops init || exit 1
	fill 1
	mlops track data && git add -A && git commit -qm one || exit 1
	cp -a data ../data1
	fill 2
	rm data/sub/f1
	echo new >data/sub/f9
	cp -a data ../data2
}

attempt() { exec mlops track data; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" || exit 1
	git reset -q --hard && mlops checkout --force && diff -rq data "$scratch/data1"
}

finished() {
	mlops status && diff -rq data "$scratch/data2" && rm -rf data && mlops checkout && diff -rq data "$scratch/data2"
}

crash_test track times
