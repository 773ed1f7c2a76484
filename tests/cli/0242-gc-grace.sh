# What gc spares for its age, and when it refuses.
. "$(dirname "$0")/../lib/tap.sh"

# All that is stored so far was stored long ago.
age() { find .mlops/store -type f -exec touch -d '40 days ago' {} +; }
count() { mlops verify --json >"$out" 2>/dev/null; json_get 'd["objects"]'; }
collect() { mlops gc --yes "$@" >"$tap_root/gc" 2>&1 || { diag <"$tap_root/gc"; return 1; }; }

new_project
echo 1 >a && echo 2 >b && mlops track a b >/dev/null && git add -A && git commit -qm one
ok "gc of a store without garbage" collect
echo 3 >a && mlops track a >/dev/null
head -c 1500000 /dev/zero >a && mlops track a >/dev/null
echo 4 >a && mlops track a >/dev/null
is "$(count)" 5 "two objects are garbage"
run mlops gc --json
rc_is 0 "gc"
json_is 'd["objects"], d["young"]' '[0,2]' "they are too young"
age
ok "when they are old and the grace is longer" collect --keep-within 60d
is "$(count)" 5 "they stay"
MLOPS_GC_KEEP_WITHIN=60d run mlops gc --yes
is "$(count)" 5 "also by a setting"
run mlops gc --yes
like "$out" "^removed: 2 objects, 1.4 MiB; 3 kept" "when they are older than the grace they go"
is "$(count)" 3 "both"

# Content overwritten by force; content found in the store rather than stored.
echo precious >a && mlops checkout --force a >/dev/null
echo 2 >a && mlops track a >/dev/null && age
echo found >a && mlops track a >/dev/null && echo 4 >a && mlops track a >/dev/null && age
echo precious >a && mlops checkout --force a >/dev/null
ok "gc" collect
is "$(count)" 4 "what was overwritten just now stays, whoever stored it, and other garbage goes"
echo precious >a && mlops track a >/dev/null && git commit -qam precious
is "$(count)" 4 "it was the one"

# In a pack, too.
mkdir d && echo x >d/x && echo y >d/y && mlops track d >/dev/null && echo z >d/x && mlops track d >/dev/null && age
echo x >d/x && mlops track d >/dev/null && echo z >d/x && mlops track d >/dev/null
ok "gc" collect
before=$(count)
age
ok "gc when all is old" collect
is "$(($before - $(count)))" 2 "a pack is as young as what was last found in it"

# A young tree keeps what it lists, however old.
new_project
mkdir d && echo content-a >d/a && mlops track d >/dev/null && age
echo b >d/b && mlops track d >/dev/null
old=$(grep -l -a content-a .mlops/store/packs/*.pack)
touch -d '40 days ago' "$old"
rm -f d.mlops && git rm -q --cached d.mlops
ok "gc when nothing is named" collect
is "$(count)" 3 "what was just stored stays, with what is in it"
age
ok "gc when that is old" collect
is "$(count)" 0 "all goes"

# Listings that are not here.
new_project
origin=$PWD
mkdir d && echo 1 >d/1 && head -c 1500000 /dev/zero >d/2 && mlops track d >/dev/null && git add -A && git commit -qm one
rm d/2 && echo 3 >d/3 && echo 4 >d/4 && mlops track d >/dev/null && git commit -qam two
git clone -q . ../clone && cd ../clone
run mlops gc --yes --json
rc_is 3 "in a clone that never pulled"
like "$err" "1 listing.*not in the store" "it cannot be told what is garbage"
like "$err" "mlops pull.*--allow-missing" "what to do is said"
run mlops gc --yes --json --allow-missing
rc_is 0 "--allow-missing goes on"
json_is 'd["missing_listings"]' 2 "and counts them, also of the history"
run mlops gc --dry-run
rc_is 0 "a dry run tells too"
(cd "$origin" && mlops remote add origin "$scratch/remote" && mlops push) >/dev/null
mlops remote add origin "$scratch/remote" >/dev/null
ok "what is needed now is pulled" mlops pull --remote origin
run mlops gc --yes
rc_is 0 "then gc goes on"
like "$err" "1 listing.*not here" "and notes what the history names"

# Damage is never taken for garbage.
new_project
mkdir d && echo one >d/1 && echo alive >d/2 && mlops track d >/dev/null
echo two >d/1 && mlops track d >/dev/null
pack=$(grep -l -a alive .mlops/store/packs/*.pack)
idx=${pack%.pack}.idx
chmod u+w "$idx" "$pack" && cp "$idx" "$tap_root/idx" && cp "$pack" "$tap_root/pack"
truncate -s 100 "$idx"
run mlops gc --yes --keep-within 0
rc_is 3 "a damaged index: gc refuses"
like "$err" "mlops verify" "and says how to look further"
cat "$tap_root/idx" >"$idx"
printf dead | dd of="$pack" bs=1 seek="$(grep -obUa alive "$pack" | cut -d: -f1)" conv=notrunc status=none
run mlops gc --yes --keep-within 0
rc_is 3 "a damaged object in a pack that is to be written anew"
like "$err" "object sha256:.* is damaged" "is named"
ok "the pack is as it was" test -f "$pack"
cat "$tap_root/pack" >"$pack"
ok "mended" collect --keep-within 0
fails "it is written anew" test -f "$pack"
ok "and whole" mlops verify
is "$(count)" 3 "without the garbage"

run mlops gc --keep-within soon
rc_is 2 "a time that is none"
done_testing
