# `mlops repack`, each of its calls refused in turn: every object stays in one pack or the other.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mkdir data || exit 1
	for n in 1 2 3; do
		echo "file $n" >"data/f$n" && seq "$n" 2000 >"data/s$n" && mlops track data && git add -A && git commit -qm "$n"
	done
	cp -a data ../data1
}

attempt() { exec mlops repack; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && rm -rf data && mlops checkout && diff -r data "$scratch/data1" &&
		git checkout -q HEAD~2 && mlops checkout && [ "$(cat data/*)" = "$(cd "$scratch/data1" && cat f1 s1)" ]
}

finished() { intact && [ "$(find .mlops/store/packs -name '*.idx' | wc -l)" = 1 ]; }

fault_test repack
