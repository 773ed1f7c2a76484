# `mlops checkout` of another version, forced over changes, each of its calls refused in turn.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir -p data/sub data/old || exit 1
	echo one >data/a && echo two >data/sub/b && echo three >data/old/c && ln -s a data/link
	yes old | head -c 1200000 >data/large
	mlops track data && git add -A && git commit -qm one || exit 1
	cp -a data ../data1
	echo changed >data/a && rm -r data/old && ln -sf sub data/link && mkdir -p data/new/er && echo new >data/new/er/d
	yes new | head -c 1300000 >data/large
	mlops track data && git add -A && git commit -qm two || exit 1
	echo changed again >data/a && echo untracked >data/e && echo 'changed too' >data/sub/b
	cp -a data ../data2 && git checkout -q HEAD~1
}

attempt() { exec mlops checkout --force; }

# A file is the old one, or the new one: never a part, and none is gone that both versions have.
intact() {
	for file in a sub/b large; do
		cmp -s "data/$file" "$scratch/data1/$file" || cmp -s "data/$file" "$scratch/data2/$file" ||
			{ echo "data/$file is neither the old one nor the new one"; exit 1; }
	done
	[ ! -e data/old/c ] || cmp data/old/c "$scratch/data1/old/c" || exit 1
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && git checkout -qf main && mlops checkout --force &&
		echo one | cmp -s - data/a && exit 1
	git checkout -qf HEAD~1 && mlops checkout --force && diff -r --no-dereference data "$scratch/data1"
}

finished() { mlops status && diff -r --no-dereference data "$scratch/data1"; }

fault_test checkout
