# `mlops lfs fetch` from a folder, each of its calls refused in turn: what is here is whole.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

# On a disk, so that objects are copied, and not linked, to where the test is.
prepare() {
	mlops lfs install --skip-repo
	git init -q "$tap_root/source" && (
		cd "$tap_root/source" || exit 1
		mlops lfs track '*.bin'
		for i in 1 2 3; do echo "file $i" >"f$i.bin"; done
		yes many | head -c 2000000 >large.bin
		git add -A && git commit -qm one
	)
	GIT_LFS_SKIP_SMUDGE=1 git clone -q "$tap_root/source" pointers
	mv pointers/.git pointers/* pointers/.gitattributes . && rmdir pointers
	mlops init && git add -A && git commit -qm project
}

crash_reset() { :; }

attempt() { exec mlops lfs fetch; }

# Each object here has the bytes that its name says.
intact() {
	: >"$scratch/names"
	[ ! -d .git/lfs/objects ] || find .git/lfs/objects -type f | sed 's|.*/\(.*\)|\1  &|' >"$scratch/names"
	[ ! -s "$scratch/names" ] || sha256sum --quiet -c "$scratch/names"
}

finished() { mlops lfs fsck; }

fault_test lfs
