# `mlops track` of changed data, each of its calls refused by the system in turn.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir -p data/sub || exit 1
	echo one >data/a && echo two >data/sub/b && yes old | head -c 1200000 >data/large
	mlops track data && git add -A && git commit -qm one || exit 1
	cp -a data ../data1
	echo changed >data/a && rm data/sub/b && echo new >data/sub/c && echo single >single
	yes new | head -c 1300000 >data/large
	cp -a data ../data2
}

attempt() { exec mlops track data single; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" || exit 1
	diff -rq data "$scratch/data2" && git reset -q --hard && mlops checkout --force && diff -rq data "$scratch/data1"
}

finished() {
	mlops status && diff -rq data "$scratch/data2" && rm -rf data && mlops checkout && diff -rq data "$scratch/data2"
}

fault_test track
