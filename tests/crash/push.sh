# `mlops push`, killed: what the remote holds is whole, and the next push gives a clone all the data.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init || exit 1
	mkdir -p data/sub ../empty-remote
	for i in 1 2 3 4 5 6; do
		echo "file $i" >"data/sub/f$i"
	done
	yes many | head -c 1500000 >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one
	cp -a data ../data1
}

crash_reset() { rm -rf "$scratch/remote" && cp -a "$scratch/empty-remote" "$scratch/remote"; }

attempt() { exec mlops push; }

# Each object at the remote that a fetch can see has the bytes that its name says: a pull that
# wants them all either gets them or says which are missing.
intact() {
	rm -rf "$scratch/clone" && git clone -q . "$scratch/clone" && cd "$scratch/clone" || exit 1
	mlops pull || :
	mlops verify || [ "$(mlops verify --json | grep -c damaged)" = 0 ] || [ ! -e data ]
}

finished() {
	rm -rf "$scratch/clone" && git clone -q . "$scratch/clone" && cd "$scratch/clone" &&
		mlops pull && mlops verify && diff -rq data "$scratch/data1"
}

crash_test push points times
