# `mlops import` of a folder, each of its calls refused in turn: no pointer names what is not stored.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

# what git says of its own failures is git's
printf '#!/bin/sh\nunset LD_PRELOAD\nexec "%s" "$@"\n' "$(command -v git)" >"$tap_root/bin/git"
chmod +x "$tap_root/bin/git"

prepare() {
	mkdir -p ../theirs && cd ../theirs && git init -q && mlops init && mkdir -p data/sub || exit 1
	for i in 1 2 3; do
		echo "file $i" >"data/sub/f$i"
	done
	mlops track data && git add -A && git commit -qm one || exit 1
	cd "$OLDPWD" && git init -q && mlops init && git add -A && git commit -qm start
}

attempt() { exec mlops import --force "$scratch/theirs" data; }

intact() {
	[ ! -f data.mlops ] || mlops verify
}

finished() { mlops status && diff -r data "$scratch/theirs/data" && grep -q '^origin:' data.mlops; }

fault_test import
