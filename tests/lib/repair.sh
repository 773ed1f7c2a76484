# What tests of `mlops verify --repair` share: a project whose store is damaged all over, with a remote
# that lacks one object of it.

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir data || exit 1
	for i in 1 2 3 4; do
		echo "file $i" >"data/f$i"
	done
	yes many | head -c 100000 >data/large
	mkdir "$scratch/remote" && echo 'version 1' >"$scratch/remote/mlops-remote"
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && git commit -qm one &&
		mlops push || exit 1
	mv data ../data1
	find .mlops/store -name '*.pack' -o -path '*/loose/*' -type f | while read -r file; do
		chmod u+w "$file" && printf '\377' | dd of="$file" bs=1 seek=70 conv=notrunc
	done
	# Of the packed ones this one is nowhere else: any but the first of the pack, which is damaged.
	first=$(od -An -v -tx1 -j8 -N32 .mlops/store/packs/*.pack | tr -d ' \n')
	only=$(sha256sum ../data1/f3 ../data1/f4 | sed 's/ .*//' | grep -v "$first" | head -n 1)
	rm "$scratch/remote/objects/$(echo "$only" | sed 's/^../&\//')"
}

attempt() { exec mlops verify --repair; }

verified() { mlops verify || [ $? = 3 ]; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && mlops verify --repair && mlops checkout &&
		diff -r data "$scratch/data1"
}
