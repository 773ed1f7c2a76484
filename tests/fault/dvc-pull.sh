# `mlops pull` in a DVC repository, each of its calls refused in turn: cache and work tree stay whole.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	mkdir -p ../origin && cd ../origin && git init -q && mkdir -p .dvc data/sub || exit 1
	printf '/tmp\n/cache\n' >.dvc/.gitignore
	printf "[core]\n    remote = r\n['remote \"r\"']\n    url = %s\n" "$scratch/remote" >.dvc/config
	for i in 1 2 3; do
		echo "file $i" >"data/sub/f$i"
	done
	yes many | head -c 600000 >data/large
	mlops track data && mlops push && mlops init && git add -A && git commit -qm one || exit 1
	cp -a data ../data1
	rmdir ../prepared && git clone -q . ../prepared
}

attempt() { exec mlops pull; }

# Each object of the cache has the bytes that its name says.
intact() {
	[ ! -d .dvc/cache/files/md5 ] || (cd .dvc/cache/files/md5 && find . -type f |
		sed 's|./\(..\)/\([0-9a-f]*\)\(.*\)|\1\2  ./\1/\2\3|' >"$scratch/names" &&
		{ [ ! -s "$scratch/names" ] || md5sum --quiet -c "$scratch/names"; }) || exit 1
	[ ! -d data ] || find data -type f | while read -r file; do
		cmp "$file" "$scratch/data1/${file#data/}" || exit 1
	done
}

finished() { mlops status && diff -r data "$scratch/data1"; }

fault_test dvc-pull
