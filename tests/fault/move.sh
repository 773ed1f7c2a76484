# `mlops track --move`, which makes large files themselves objects, each of its calls refused in turn.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir data || exit 1
	echo small >data/small && yes large | head -c 100000 >data/large && yes more | head -c 200000 >data/more
	cp -a data ../data1
}

attempt() { exec mlops track --move data; }

intact() { diff -r data "$scratch/data1"; }

finished() { mlops status && intact && rm -rf data && mlops checkout && intact; }

fault_test "track --move"
