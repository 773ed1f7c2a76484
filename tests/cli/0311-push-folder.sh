# mlops push and pull by way of a folder: identical bytes in a fresh clone.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
run mlops push
rc_is 1 "without a remote it fails"
like "$err" "mlops remote add" "and says what to do"

mlops remote add origin "$scratch/far"
run mlops push --dry-run --json
rc_is 0
schema_ok push.json
json_is 'd["objects"]' 16 "12 files and 3 folders, and the large one, are to be sent"
ok "a dry run makes nothing" test ! -e "$scratch/far"
run mlops push --json
rc_is 0
schema_ok push.json
json_is '(d["objects"], d["dry_run"])' '[16,false]' "all are sent"
ok "each file is named by its hash" sh -c '
	cd "$1" && find blocks index -type f | while read -r f; do
		[ "$(sha256sum <"$f" | cut -c-64)" = "$(echo "${f#*/}" | tr -d /)" ] || exit 1
	done' - "$scratch/far"
is "$(find "$scratch/far/index" -type f | wc -l)" 1 "one index tells of them all"
is "$(cat "$scratch/far/mlops-remote")" "version 2" "the folder says what it is"
is "$(ls "$scratch/far/tmp")" "" "no temporary file is left"

run mlops push --json
json_is '(d["objects"], d["bytes"])' '[0,0]' "again sends nothing"
run mlops push
like "$out" "nothing sent" "and says so"

echo changed >data/f3
mlops track data >/dev/null
run mlops push --json
json_is 'd["objects"]' 2 "a change sends one file and one tree"
run mlops push data --json
rc_is 0 "a path chooses"
run mlops push nonsuch
rc_is 1 "a path with nothing tracked is an error"
git add . && git commit -qm changed

clone
run mlops pull --json
rc_is 0
schema_ok pull.json
json_is '(d["objects"], d["written"])' '[16,13]' "the clone fetches and writes all"
same_data "it has identical bytes"
ok "it verifies" mlops verify
ok "and is clean" mlops status
run mlops pull --json
json_is '(d["objects"], d["written"])' '[0,0]' "again does nothing"

clone
run mlops pull large.bin --json
rc_is 0
json_is 'd["objects"]' 1 "one path fetches that alone"
ok "the other is not there" test ! -e data
ok "the folder above it chooses it too" mlops pull .
same_data "then all is there"

clone
ok "into the store only" mlops pull --no-checkout
ok "no file was written" test ! -e data
ok "the store has them" mlops checkout
same_data "so checkout works"
echo mine >data/f1
run mlops pull
rc_is 3 "a change of ours is no reason to overwrite"
like "$err" "data/f1|'data'" "it is named"
is "$(cat data/f1)" mine "and kept"
ok "unless by force" mlops pull --force
same_data "then it is as it was pushed"

done_testing
