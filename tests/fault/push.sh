# `mlops push` to a folder, each of its calls refused in turn: what the remote holds is whole.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir -p data/sub || exit 1
	for i in 1 2 3; do
		echo "file $i" >"data/sub/f$i"
	done
	yes many | head -c 600000 >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one
}

crash_reset() { rm -rf "$scratch/remote"; }

attempt() { exec mlops push; }

# Each block and each index at the remote has the bytes that its name says.
intact() {
	[ ! -d "$scratch/remote/blocks" ] || (cd "$scratch/remote" && find blocks index -type f 2>/dev/null |
		sed 's|[a-z]*/\(../\)*\(.*\)|\1\2  &|; s|^\(..\)/|\1|' >"$scratch/names" && { [ ! -s "$scratch/names" ] || sha256sum --quiet -c "$scratch/names"; })
}

finished() {
	rm -rf "$scratch/clone" && git clone -q . "$scratch/clone" && cd "$scratch/clone" && mlops pull &&
		diff -r data "$scratch/state/data"
}

fault_test push
