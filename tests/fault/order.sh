# What the system is told in which order: an object's bytes are synced before it gets its name, its
# folder after, and only then anything names it or its data may go from the work tree.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

[ -e "$fault_lib" ] || skip_all "$fault_lib is not there (make $fault_lib)"
cat >"$tap_root/order.awk" <<'AWK'
function dir(path) { sub("/[^/]*$", "", path); return path }
function fault(what) { print what; bad = 1 }
function in_store(path) { return (index(path, store) == 1 || index(path, remote) == 1) && path !~ "/lock$" }
# Nothing of the store may be on its way when something else gets a new content.
function check_settled(what,  f) {
	for (f in dirty) fault(what " before the sync of " f)
	for (f in made) fault(what " before the sync of the folder of " f)
	for (f in moving) fault(what " before the rename of " f)
}
$1 == "create" && in_store($2) { moving[$2] = dirty[$2] = 1 }
/^(write|pwrite|copy_file_range) / && in_store($2) { dirty[$2] = 1 }
/^(fsync|fdatasync) / { delete dirty[$2]; for (f in made) if (dir(f) == $2) delete made[f] }
$1 == "unlink" { delete dirty[$2]; delete moving[$2] }
$1 == "syncfs" { split("", dirty); split("", made) }
$1 == "made" && in_store($2) && $2 !~ /tmp$/ { made[$2] = 1 }
$1 == "rename" && in_store($4) {
	if ($2 in dirty) fault($4 " gets its name before the sync of its bytes")
	delete moving[$2]
	made[$4] = 1
	objects++
}
$1 == "rename" && !in_store($4) && $4 !~ "/\\.git/" { check_settled($4); named++ }
$1 == "pwrite" && $2 ~ /mlops.db-wal$/ { check_settled("a record in " $2); named++ }
END {
	check_settled("the end")
	print objects + 0 " objects or packs, then " named + 0 " names"
	if (!objects && !named) fault("nothing was done")
	exit bad
}
AWK

# in_order NAME CMD...: the calls of a command that succeeds are in the right order.
in_order() {
	order_name=$1
	shift
	rm -f "$fault_log"
	run env LD_PRELOAD="$fault_lib" INJECT_UNDER="$scratch" INJECT_LOG="$fault_log" "$@"
	rc_is 0 "$order_name"
	ok "$order_name: in order" awk -v store="$PWD/.mlops/store" -v remote="$scratch/remote" \
		-f "$tap_root/order.awk" "$fault_log"
}

new_project
mkdir -p data/sub && echo one >data/a && echo two >data/sub/b && echo single >single
yes old | head -c 1200000 >data/large
in_order track mlops track data single
git commit -qm one
echo changed >data/a && yes new | head -c 1300000 >data/large
in_order "checkout --force" mlops checkout --force
is "$(cat data/a)" one "which did its work"
cat >mlops.yaml <<'YAML'
stages:
  copy:
    cmd: cp -r data/large large.out && cp single out
    deps: [data, single]
    outs: [large.out, out]
YAML
in_order run mlops run
mlops remote add origin "$scratch/remote"
in_order push mlops push
git add -A && git commit -qm two && git clone -q . "$scratch/clone" && cd "$scratch/clone"
in_order pull mlops pull
ok "which did its work" diff -r data "$scratch/project1/data"

done_testing
