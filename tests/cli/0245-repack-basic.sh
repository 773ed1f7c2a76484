# Joining packs and loose objects: nothing is lost, each object is there once, readers go on.
. "$(dirname "$0")/../lib/tap.sh"

packs() { find .mlops/store/packs -name '*.pack' | wc -l | tr -d ' '; }
loose() { find .mlops/store/loose -type f 2>/dev/null | wc -l | tr -d ' '; }
count() { mlops verify --json >"$out" && json_get 'd["objects"]'; }

new_project
run mlops repack
rc_is 0 "an empty store"
like "$out" "^nothing to join" "has nothing to join"
mkdir d && head -c 1500000 /dev/urandom >d/large
for i in 1 2 3 4 5; do
	echo "$i" >"d/$i" && mlops track d >/dev/null && git add -A && git commit -qm "$i"
	echo "single $i" >s && mlops track s >/dev/null && git commit -qam "s$i"
done
cp -r d "$tap_root/d"
is "$(packs) $(loose)" "5 6" "each command added a pack or a loose object"
before=$(count)
run mlops repack --dry-run --json
rc_is 0 "dry run"
schema_ok repack.json
json_is 'd["packs_before"], d["packs_after"], d["objects"]' '[5,1,15]' "what would be joined"
is "$(packs) $(loose)" "5 6" "and nothing was"
run mlops repack --json
rc_is 0 "repack"
schema_ok repack.json
json_is 'd["packs_before"], d["packs_after"], d["objects"], d["duplicates"], d["freed"] > 0' \
	'[5,1,15,0,true]' "all were joined"
is "$(packs) $(loose)" "1 1" "one pack, and the large object"
is "$(count)" "$before" "all objects are there"
like "$(mlops repack)" "^nothing to join" "again there is nothing to do"
rm -rf d && mlops checkout >/dev/null
ok "what is tracked can be checked out" diff -r d "$tap_root/d"
git checkout -q HEAD~4 && mlops checkout --force >/dev/null
is "$(cat s)" "single 3" "and what was"
git checkout -q main && mlops checkout --force >/dev/null

# Copies: loose and packed, and in two packs.
new_project
mkdir d && echo one >d/1 && echo two >d/2 && mlops track d >/dev/null
cp -r .mlops/store/packs "$tap_root/packs"
new_project
mkdir d && echo one >d/1 && echo two >d/2 && echo three >d/3 && mlops track d >/dev/null
cp "$tap_root"/packs/* .mlops/store/packs/
oid=$(printf 'one\n' | sha256sum | cut -c-64)
mkdir -p ".mlops/store/loose/$(echo "$oid" | cut -c-2)"
echo one >".mlops/store/loose/$(echo "$oid" | cut -c-2)/$(echo "$oid" | cut -c3-)"
is "$(count)" 8 "copies"
run mlops repack --json
json_is 'd["duplicates"], d["objects"]' '[3,5]' "are dropped"
is "$(count)" 5 "each object is there once"
ok "and whole" mlops verify

# A large object that is loose stays so, and its packed copy goes.
new_project
mkdir d && head -c 5000 /dev/urandom >d/big && echo small >d/small && mlops track d >/dev/null
oid=$(sha256sum <d/big | cut -c-64)
mkdir -p ".mlops/store/loose/$(echo "$oid" | cut -c-2)"
file=".mlops/store/loose/$(echo "$oid" | cut -c-2)/$(echo "$oid" | cut -c3-)"
cp d/big "$file"
echo other >d/other && mlops track d >/dev/null
mlops config core.packThreshold 4096
run mlops repack --json
json_is 'd["duplicates"]' 1 "the packed copy of a large object is dropped"
ok "the loose one stays" test -f "$file"
ok "the store is whole" mlops verify
rm -rf d && ok "and has it" mlops checkout

# Damage stops it.
new_project
mkdir d && echo one >d/1 && echo alive >d/2 && mlops track d >/dev/null
echo two >d/1 && mlops track d >/dev/null
pack=$(grep -l -a alive .mlops/store/packs/*.pack)
chmod u+w "$pack"
printf dead | dd of="$pack" bs=1 seek="$(grep -obUa alive "$pack" | cut -d: -f1)" conv=notrunc status=none
run mlops repack
rc_is 3 "a damaged object"
like "$err" "damaged" "is told"
is "$(packs)" 2 "and nothing is changed"
done_testing
