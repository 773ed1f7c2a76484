# verify --repair: every kind of damage is mended from a remote, whole objects survive without one,
# and what cannot be had back is named.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
mkdir d && for i in 1 2 3 4 5 6; do seq $((i * 1000)) $((i * 1100)) >"d/f$i"; done && yes x | head -c 1500000 >d/big
mlops track d >/dev/null && git add -A && git commit -qm one
simple_folder "$scratch/far"
mlops remote add origin "$scratch/far" && mlops push >/dev/null
cp -a d "$scratch/d"
cp -a .mlops/store "$scratch/whole"
chmod -R u+w .mlops/store "$scratch/whole"

fresh() { # the store as it was, its files writable, and their names
	rm -rf .mlops/store && cp -a "$scratch/whole" .mlops/store
	loose=$(find .mlops/store/loose -type f)
	pack=$(find .mlops/store/packs -name '*.pack') idx=$(find .mlops/store/packs -name '*.idx')
}
flip() { # FILE OFFSET
	printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
checked_out() { rm -rf d && mlops checkout && diff -r d "$scratch/d"; }

# mended NAME [FETCHED]: a repair succeeds, with so many objects from the remote, and all is there.
mended() {
	run mlops verify --repair --json
	rc_is 0 "$1: repaired"
	json_is 'd["ok"], len(d["damaged"]), d["absent"], d["lost"]' '[true,0,[],[]]' "$1: nothing is left to do"
	[ -z "${2:-}" ] || json_is 'd["fetched"]' "$2" "$1: $2 fetched"
	ok "$1: verify agrees" mlops verify
	ok "$1: nothing is kept aside" test ! -e .mlops/store/damaged
	ok "$1: all bytes are back" checked_out
}

fresh
run mlops verify --repair --json
rc_is 0 "a whole store"
schema_ok verify.json
json_is 'd["found"], d["fetched"], d["lost"]' '[[],0,[]]' "has nothing to repair"

fresh && flip "$loose" 1000
run mlops verify --repair --json
schema_ok verify.json
json_is 'len(d["found"])' 1 "the damage is told"
fresh && flip "$loose" 1000 && mended "a bit of a large object" 1
fresh && truncate -s 10 "$loose" && mended "a short large object" 1
fresh && : >"$loose" && mended "an empty one" 1
fresh && rm "$loose" && mended "an object that is gone" 1
fresh && flip "$pack" 200 && mended "a bit of a packed object" 1
fresh && flip "$pack" 0 && mended "the start of a pack" 0
fresh && flip "$pack" 10 && mended "a name in a pack" 0
fresh && flip "$pack" 48 && mended "a size in a pack" 0
fresh && echo more >>"$pack" && mended "bytes behind a pack" 0
fresh && truncate -s 1500 "$pack" && mended "a pack cut short"
[ "$(json_get 'd["fetched"]')" -lt 7 ]
tap_point $? "a pack cut short: what is before the cut survives"
fresh && rm "$pack" && mended "a pack that is gone" 7
fresh && rm "$idx" && mended "an index that is gone" 0
fresh && flip "$idx" 1100 && mended "a bit of an index" 0
fresh && flip "$idx" 0 && mended "the start of an index" 0
fresh && : >"$idx" && mended "an empty index" 0
fresh && flip "$idx" 1100 && flip "$pack" 200 && mended "index and pack" 1
fresh && rm -rf .mlops/store && mended "all of the store" 8

# Without a remote, all that is whole survives, and a file of the work tree can be stored again.
git config -f .mlops/config --rename-section remote.origin remote.other
mlops remote remove other 2>/dev/null
fresh && rm "$idx"
run mlops verify --repair
rc_is 0 "no remote: an index is made anew out of its pack"
ok "all bytes are back" checked_out
fresh && flip "$pack" 200 && flip "$loose" 5
run mlops verify --repair
rc_is 3 "no remote: damaged objects are lost"
is "$(grep -c '^lost: object sha256:' "$out")" 2 "and named"
like "$out" '^not here: d \(2 objects' "so is what needs them"
ok "they are kept aside" test -n "$(ls .mlops/store/damaged)"
run mlops verify
rc_is 0 "what is lost is no damage any more"
rm .mlops/index && ok "the files of the work tree are stored again" mlops track d
run mlops verify --repair --json
rc_is 0 "then nothing is lost"
json_is 'd["lost"]' '[]' "nor told to be"
ok "and nothing kept aside" test ! -e .mlops/store/damaged

# A remote that lacks an object, or holds it damaged, or is out of reach.
simple_folder "$scratch/far"
mlops remote add origin "$scratch/far"
far=$scratch/far/objects/$(basename "$(dirname "$loose")")/$(basename "$loose")
mv "$far" "$scratch/far-object"
fresh && flip "$loose" 5 && flip "$pack" 200
run mlops verify --repair --json
rc_is 3 "the remote lacks one: exit 3"
json_is 'd["fetched"], len(d["lost"])' '[1,1]' "the other is mended"
sed 1d "$scratch/far-object" >"$far"
run mlops verify --repair --json
rc_is 3 "the remote holds it damaged: exit 3"
json_is 'd["fetched"], len(d["lost"]), d["ok"]' '[0,1,false]' "it stays lost"
cp "$scratch/far-object" "$far.new" && mv -f "$far.new" "$far"
run mlops verify --repair
rc_is 0 "a later repair finds it at the remote"
ok "all bytes are back" checked_out

fresh && flip "$pack" 200 && mv "$scratch/far" "$scratch/away"
run mlops verify --repair
rc_is 4 "the remote is out of reach: exit 4"
mv "$scratch/away" "$scratch/far"
mended "out of reach once" 1
mlops remote add second "$scratch/none" && mkdir "$scratch/none" && mlops config core.remote second
fresh && flip "$pack" 200
run mlops verify --repair --remote origin
rc_is 0 "the remote can be chosen"
fresh && flip "$pack" 200
run mlops verify --repair --remote nowhere
rc_is 1 "one that is not set up is an error"

# What nothing needs now, an older version, is mended too.
mlops config core.remote origin
fresh && rm -r d && mkdir d && echo other >d/f && mlops track d >/dev/null
flip "$loose" 5 && flip "$pack" 200
run mlops verify --repair --json
rc_is 0 "damage of an older version is repaired"
json_is 'd["fetched"]' 2 "from the remote"
git checkout -q HEAD -- d.mlops
ok "and that version is whole" sh -c "mlops checkout --force && diff -r d '$scratch/d'"

echo stray >.mlops/store/loose/stray
run mlops verify --repair
rc_is 3 "a file that is no object is nothing to repair"
ok "and left alone" test -e .mlops/store/loose/stray

done_testing
