# What the tests of gc and repack start from; sourced after crash.sh.
# garbage_store is the setting core.store, or empty.

# Packs and files, some of them garbage, some named by the history alone.
prepare() {
	git init -q && mlops init || exit 1
	[ -z "$garbage_store" ] || mlops config --local core.store "$garbage_store" || exit 1
	mkdir -p data
	for v in 1 2 3; do
		echo "version $v" >data/a && echo "single $v" >single && echo fixed >data/b
		yes "$v" | head -c 1500000 >data/large
		mlops track data single || exit 1
		[ $v = 2 ] || { git add -A && git commit -qm $v; } || exit 1
	done
	cp -a data ../data3
}
whole() {
	rm -rf "$scratch/copy" && cp -a . "$scratch/copy" && cd "$scratch/copy" || exit 1
	git reset -q --hard HEAD~1 && rm -rf data && mlops checkout && grep -qx 'version 1' data/a &&
		grep -qx 'single 1' single && git reset -q --hard 'HEAD@{1}' && rm -rf data &&
		mlops checkout && diff -rq data "$scratch/data3"
}

# objects: how many the store has; 9 are named.
objects() { mlops verify --json | python3 -I -S -c 'import json, sys; print(json.load(sys.stdin)["objects"])'; }
