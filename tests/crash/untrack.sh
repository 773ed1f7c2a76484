# `mlops untrack` of a folder, linked into the store and partly deleted, killed: what the store has
# stays in it or is in the work tree, and repeating the command finishes it.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init || exit 1
	mlops config core.link hardlink
	mkdir -p data/sub && echo a >data/a && echo b >data/sub/b
	yes many | head -c 1500000 >data/large
	cp -a data ../data1
	echo other >other && mlops track data other && git add . && git commit -qm one
	rm -r data && mlops checkout && rm data/a data/sub/b
}

attempt() { exec mlops untrack data; }

# Either the pointer is there and its data can be had, or the data is.
intact() {
	rm -rf ../rest && cp -a . ../rest && cd ../rest || exit 1
	[ ! -e data.mlops ] || mlops checkout && diff -r data ../data1
}

finished() {
	diff -r data ../data1 && [ ! -e data.mlops ] && [ "$(cat .gitignore)" = /other ] &&
		[ "$(stat -c %h data/large)" = 1 ] && [ "$(git ls-files '*.mlops')" = other.mlops ]
}

crash_test untrack points
