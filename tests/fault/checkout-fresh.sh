# `mlops checkout` where there is nothing yet, by hard links, each of its calls refused in turn.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mlops config core.link hardlink &&
		mkdir -p data/sub data/empty || exit 1
	echo one >data/a && echo two >data/sub/b && ln -s a data/link && echo tool >data/tool && chmod +x data/tool
	yes many | head -c 1200000 >data/large
	mlops track data && git add -A && git commit -qm one && mv data ../data1
}

attempt() { exec mlops checkout; }

# A file that is there is the right one.
intact() {
	[ ! -d data ] || find data -type f | while read -r file; do
		cmp "$file" "$scratch/data1/${file#data/}" || exit 1
	done
}

finished() { mlops status && diff -r --no-dereference data "$scratch/data1" && [ -x data/tool ]; }

fault_test "checkout by hard links"
