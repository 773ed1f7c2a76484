# mlops checkout of a revision, killed at every fault point: data and pointers are had again.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init
	mkdir -p d/sub && echo 1 >d/a && echo 1 >d/sub/b && echo 1 >f && head -c 1500000 /dev/zero >d/big
	mlops track d f && git commit -qm one && git tag v1
	cp -a d ../d1
	echo 22 >d/a && rm -r d/sub d/big && mkdir d/new && echo 22 >d/new/c && echo 22 >f
	mlops track d f && git commit -qm two
	cp -a d ../d2
}
attempt() {
	exec mlops checkout v1 d f
}
# Each file has its old or its new content, and both are still stored.
intact() {
	[ "$(cat d/a)" = 1 ] || [ "$(cat d/a)" = 22 ] || return 1
	mlops cat HEAD:d/a && mlops cat v1:d/big | cmp - ../d1/big && mlops status --json
}
finished() {
	diff -r d ../d1 && [ "$(mlops status)" = "nothing has changed" ] &&
		git diff --cached --quiet v1 -- d.mlops f.mlops && mlops checkout HEAD d && diff -r d ../d2
}
crash_test "checkout of a revision" points times
