# mlops remote verify: what a remote lost or holds damaged is found, and sent again after --repair.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

far=$scratch/far
make_data
head -c 5000000 /dev/urandom >large.bin && mlops track large.bin >/dev/null && git add . && git commit -qm large
mlops remote add origin "$far"
mlops push >/dev/null
run mlops remote verify --json
rc_is 0 "a whole remote"
schema_ok remote-verify.json
json_is 'd["ok"], d["objects"], d["damaged"]' '[true,16,[]]' "is well"
run mlops remote verify --read-data
rc_is 0 "byte by byte"
like "$out" "all read, 0 damaged" "as well"

# hurt: the largest block.
block=$(find "$far/blocks" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
cp "$block" "$scratch/block" && chmod u+w "$block"

# heals NAME: after --repair and a push, all is there, and verifies once gc has been.
heals() {
	run mlops remote verify --repair ${2:+"$2"}
	rc_is 3 "$1: found"
	ok "$1: a push" mlops push
	clone
	ok "$1: a clone pulls" mlops pull
	same_data "$1: all of it"
	cd "$origin"
	run mlops remote verify --read-data --json
	rc_is 0 "$1: what is marked is not looked at"
}

printf X | dd of="$block" bs=1 seek=3000000 conv=notrunc 2>/dev/null
run mlops remote verify
rc_is 0 "a changed byte does not show in the listing"
run mlops remote verify --read-data --json
rc_is 3 "it does by reading"
json_is 'len(d["damaged"]), d["ok"]' '[1,false]' "one block"
heals "a changed byte" --read-data
find "$far" -type f -exec touch -d '30 days ago' {} +
ok "gc removes it" mlops remote gc
ok "the damaged block is gone" test ! -e "$block"

block=$(find "$far/blocks" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
chmod u+w "$block" && truncate -s 1000 "$block"
run mlops remote verify --json
rc_is 3 "a short block shows"
heals "a short block"
for index in "$far"/index/*; do chmod u+w "$index" && echo junk >>"$index"; done
blocks=$(find "$far/blocks" -type f | wc -l)
find "$far" -type f -exec touch -d '30 days ago' {} +
run mlops remote gc
rc_is 3 "gc with damaged indexes"
like "$err" "taken for garbage" "cannot tell what is garbage"
is "$(find "$far/blocks" -type f | wc -l)" "$blocks" "and removes nothing"
run mlops remote verify
rc_is 3 "damaged indexes"
like "$out" "index [0-9a-f]{64} is damaged or gone" "are told"
heals "damaged indexes"

done_testing
