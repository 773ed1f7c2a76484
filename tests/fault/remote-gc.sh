# `mlops remote gc` of a folder, each of its calls refused in turn: what is named stays whole.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mkdir data || exit 1
	echo one >data/f1 && head -c 1100000 /dev/urandom >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && mlops push || exit 1
	echo two >data/f1 && mlops track data && mlops push && git add -A && git commit -qm two
	cp -a data ../data1
	find "$scratch/remote" -type f -exec touch -d '30 days ago' {} +
	mlops remote gc
	find "$scratch/remote" -type f -exec touch -d '30 days ago' {} +
	cp -a "$scratch/remote" ../whole-remote
}

crash_reset() { rm -rf "$scratch/remote" && cp -a "$scratch/whole-remote" "$scratch/remote"; }

attempt() { exec mlops remote gc --yes; }

intact() {
	rm -rf "$scratch/clone" && git clone -q . "$scratch/clone" && cd "$scratch/clone" && mlops pull &&
		diff -r data "$scratch/data1"
}

finished() { intact && mlops remote verify --read-data; }

fault_test remote-gc
