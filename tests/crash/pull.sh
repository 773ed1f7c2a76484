# `mlops pull`, killed: nothing half-written is taken for data, and the next pull brings all of it.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	mkdir -p ../origin && cd ../origin && git init -q && mlops init || exit 1
	mkdir -p data/sub "$scratch/remote"
	for i in 1 2 3 4 5 6; do
		echo "file $i" >"data/sub/f$i"
	done
	yes many | head -c 1500000 >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one &&
		mlops push || exit 1
	cp -a data ../data1
	rmdir ../prepared && git clone -q . ../prepared
}

attempt() { exec mlops pull; }

# A file that is there is the right one.
intact() {
	[ ! -d data ] || find data -type f | while read -r file; do
		cmp "$file" "$scratch/data1/${file#data/}" || exit 1
	done
}

finished() { mlops status && diff -rq data "$scratch/data1"; }

crash_test pull points times
