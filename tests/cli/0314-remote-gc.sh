# mlops remote gc: what nothing names is marked and later removed, what is named is moved out of the way
# first, and a push that goes on meanwhile loses nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

far=$scratch/far
reader() { python3 -I -S "$tap_src/tests/lib/remote_reader.py" "$far"; }
aged() { find "$far" -type f -exec touch -d '30 days ago' {} +; }
blocks() { find "$far/blocks" -type f 2>/dev/null | wc -l | tr -d ' '; }

run mlops remote gc
rc_is 1 "outside of a project"
make_data
run mlops remote gc
rc_is 1 "without a remote"
mlops remote add origin "$far"
run mlops remote gc
rc_is 1 "one that nothing was pushed to"
mlops push >/dev/null
run mlops remote gc --grace 1h
rc_is 2 "pushes may take a day"
git add . && git commit -qm remote
aged
run mlops remote gc --json
rc_is 0 "all is named"
schema_ok remote-gc.json
json_is 'd["objects"], d["blocks"], d["kept"]' '[0,0,16]' "so that all stays"
ok "no marks are made" test -z "$(ls "$far/marks" 2>/dev/null)"

# Another version that only this clone had: pushed, then forgotten.
head -c 4000000 /dev/urandom >large.bin && echo changed >data/f1
mlops track data large.bin >/dev/null && mlops push >/dev/null
git reset -q --hard && mlops checkout --force >/dev/null
run mlops remote gc --json
json_is 'd["objects"]' 0 "what was pushed lately stays"
run mlops remote gc --keep-within 0s --dry-run --json
json_is 'd["objects"], d["blocks"], d["dry_run"]' '[3,1,true]' "a dry run tells what would go"
ok "and changes nothing" test -z "$(ls "$far/marks" 2>/dev/null)"
before=$(blocks)
run mlops remote gc --keep-within 0s --json
rc_is 0 "gc"
json_is 'd["objects"], d["blocks"], d["moved"]' '[3,1,0]' "marks the block of what nothing names"
is "$(blocks)" "$before" "and removes nothing yet"
ok "the reader finds all whole" reader
clone
ok "a pull meanwhile" mlops pull
same_data "gets all"
run mlops push --json
json_is 'd["objects"]' 0 "what stays need not be sent again"
cd "$origin"
run mlops remote gc --keep-within 0s --json
json_is 'd["objects"], d["blocks"], d["removed_blocks"]' '[0,0,0]' "again: nothing to do, and the marks are young"
aged
run mlops remote gc --keep-within 0s --json
json_is 'd["removed_blocks"]' 1 "when they are old, the block is removed"
is "$(blocks)" "$((before - 1))" "it is gone"
ok "and so are the marks" test -z "$(ls "$far/marks")"
ok "the reader finds all whole then" reader
run mlops remote verify --read-data --json
rc_is 0 "it verifies"
schema_ok remote-verify.json
clone
ok "a pull" mlops pull
same_data "gets all still"

# A block of which a little is named: that is sent again.
cd "$origin"
mkdir many && seq 100000 >many/a && head -c 900000 /dev/urandom >many/b && head -c 1500000 /dev/urandom >many/c
mlops track many >/dev/null && mlops push >/dev/null
rm many/b many/c && mlops track many >/dev/null && mlops push >/dev/null && git add . && git commit -qm many
aged
run mlops remote gc --json
rc_is 0 "gc of a block in part"
json_is 'd["objects"], d["moved"] >= 1, d["blocks"] >= 1' '[3,true,true]' "puts the rest elsewhere"
aged
run mlops remote gc --json
json_is 'd["removed_blocks"] >= 1' true "and the block goes"
ok "the reader finds all whole again" reader
clone
ok "a pull again" mlops pull
ok "gets what was moved" cmp many/a "$origin/many/a"

# An edited large file shares chunks with its first version, which goes.
cd "$origin"
head -c 12000000 /dev/urandom >two.bin && mlops track two.bin >/dev/null && mlops push >/dev/null
{ head -c 6000000 two.bin && echo inserted && tail -c +6000001 two.bin; } >edited && mv edited two.bin
mlops track two.bin >/dev/null && mlops push >/dev/null && git add . && git commit -qm two
aged
run mlops remote gc --json
json_is 'd["objects"]' 1 "the first version goes"
aged
mlops remote gc >/dev/null
ok "the reader finds the second whole" reader
clone
ok "a pull of the second" mlops pull
ok "has its bytes" cmp two.bin "$origin/two.bin"
cd "$origin"
{ head -c 3000000 two.bin && echo more && tail -c +3000001 two.bin; } >edited && mv edited two.bin
before=$(du -sb "$far/blocks" | cut -f1)
mlops track two.bin >/dev/null && mlops push >/dev/null
is "$([ $(($(du -sb "$far/blocks" | cut -f1) - before)) -lt 700000 ] && echo little)" little "the next edit sends little"

# What was marked is named again: it is kept after all.
git add . && git commit -qm three
head -c 3000000 /dev/urandom >again.bin && mlops track again.bin >/dev/null && mlops push >/dev/null
cp again.bin again.bin.mlops "$scratch" && git reset -q --hard && rm -f again.bin again.bin.mlops .gitignore && git checkout -q .
aged
run mlops remote gc --json
json_is 'd["objects"], d["blocks"]' '[1,1]' "what is named no more is marked"
cp "$scratch/again.bin.mlops" . && git add . && git commit -qm again
aged
run mlops remote gc --json
rc_is 0 "gc after it is named again"
clone
ok "it can be had" mlops pull
ok "as it was" cmp again.bin "$scratch/again.bin"

# Blocks that a killed push left.
cd "$origin"
mkdir -p "$far/blocks/ab" && echo junk >"$far/blocks/ab/$(printf %062d 7)"
run mlops remote gc --json
ok "one that nobody names may be on its way" test -e "$far/blocks/ab/$(printf %062d 7)"
aged
run mlops remote gc --json
ok "until it is old" test ! -e "$far/blocks/ab/$(printf %062d 7)"

# Remotes that are looked after otherwise.
simple_folder "$scratch/simple"
mlops remote add simple "$scratch/simple"
run mlops remote gc simple
rc_is 1 "a remote of the first version"
like "$err" "has no blocks" "is not cleaned up"
start_server "$scratch/served" --no-auth
mlops remote add server "$server_url"
run mlops remote verify server
rc_is 1 "a server"
like "$err" "looks after itself" "looks after itself"

done_testing
