# `mlops verify --repair`, killed: what is whole stays, here or aside, and the next one finishes the job.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir data || exit 1
	for i in 1 2 3 4; do
		echo "file $i" >"data/f$i"
	done
	yes many | head -c 100000 >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one &&
		mlops push || exit 1
	mv data ../data1
	find .mlops/store -name '*.pack' -o -path '*/loose/*' -type f | while read -r file; do
		chmod u+w "$file" && printf '\377' | dd of="$file" bs=1 seek=70 conv=notrunc
	done
	# Of the packed ones this one is nowhere else.
	rm "$scratch/remote/objects/$(sha256sum <"$scratch/data1/f3" | sed 's/\(..\)\([0-9a-f]*\).*/\1\/\2/')"
}

attempt() { exec mlops verify --repair; }

verified() { mlops verify || [ $? = 3 ]; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && mlops verify --repair && mlops checkout &&
		diff -r data "$scratch/data1"
}

finished() { [ ! -e .mlops/store/damaged ] && mlops checkout && diff -r data "$scratch/data1"; }

crash_test "verify --repair" points times
