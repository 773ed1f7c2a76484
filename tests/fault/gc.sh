# `mlops gc`, each of its calls refused in turn: what is named stays, whatever was done of the work.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir data || exit 1
	for i in 1 2 3 4; do
		echo "named $i" >"data/f$i"
	done
	yes named | head -c 100000 >data/large
	mlops track data && git add -A && git commit -qm one && cp -a data ../data1 || exit 1
	for i in 1 2 3 4; do # what is in one pack with them, and what is not
		echo "garbage $i" >"data/f$i"
	done
	yes garbage | head -c 100000 >data/large
	mlops track data && git checkout -q HEAD -- data.mlops && mlops checkout --force && git read-tree HEAD
}

attempt() { exec mlops gc --keep-within 0s --yes; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && rm -rf data && mlops checkout && diff -r data "$scratch/data1"
}

finished() { intact; }

fault_test gc
