# `mlops gc`, each of its calls refused in turn: what is named stays, whatever was done of the work.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir data || exit 1
	mkdir other
	for i in 1 2 3 4; do # in one pack, which is written anew without the garbage
		echo "named $i" >"data/f$i" && seq "$i" 2000 >"other/f$i"
	done
	yes named | head -c 100000 >data/large && yes garbage | head -c 100000 >other/large
	mlops track data other && git rm -q --cached other.mlops && rm -r other.mlops other && git add -A &&
		git commit -qm one && cp -a data ../data1 || exit 1
	for i in 1 2 3 4; do # a pack of garbage alone
		echo "garbage $i" >"data/f$i"
	done
	mlops track data && git checkout -q HEAD -- data.mlops && mlops checkout --force
}

attempt() { exec mlops gc --keep-within 0s --yes; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && rm -rf data && mlops checkout && diff -r data "$scratch/data1"
}

finished() { intact && mlops gc --keep-within 0s --dry-run --json | grep -q '"objects": 0,'; }

fault_test gc
