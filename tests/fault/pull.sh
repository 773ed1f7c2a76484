# `mlops pull` from a folder, each of its calls refused in turn.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	mkdir -p ../origin && cd ../origin && git init -q && mlops init && mkdir -p data/sub || exit 1
	mlops config core.packThreshold 64K
	for i in 1 2 3; do
		echo "file $i" >"data/sub/f$i"
	done
	yes many | head -c 600000 >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one &&
		mlops push || exit 1
	cp -a data ../data1
	rmdir ../prepared && git clone -q . ../prepared
}

attempt() { exec mlops pull; }

intact() {
	[ ! -d data ] || find data -type f | while read -r file; do
		cmp "$file" "$scratch/data1/${file#data/}" || exit 1
	done
}

finished() { mlops status && diff -r data "$scratch/data1"; }

fault_test pull
