# mlops pull of what lies in a tracked folder, and by pattern: only that is fetched and written.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
head -c 2000000 /dev/urandom >data/deep/large.csv && echo a,b >data/deep/small.csv && echo a >data/top.csv
mlops track data >/dev/null && git add . && git commit -qm csv
mlops remote add origin "$scratch/far"
mlops push >/dev/null
in_store() { mlops verify --json | python3 -I -S -c 'import json, sys; print(json.load(sys.stdin)["objects"])'; }

clone
run mlops pull data/deep --json
rc_is 0 "a folder in a tracked one"
schema_ok pull.json
json_is 'd["written"], d["kept"]' '[3,[]]' "is written"
is "$(find data -type f | sort | tr '\n' ' ')" "data/deep/er/file data/deep/large.csv data/deep/small.csv " "and nothing else"
ok "its bytes are right" diff -r data/deep "$origin/data/deep"
is "$(in_store)" 6 "three listings and three files were fetched"
run mlops pull data/deep
rc_is 0 "again"
like "$out" "nothing fetched" "there is nothing to do"

clone
run mlops pull data/f3
rc_is 0 "one file"
is "$(cat data/f3)" "row 3" "is there"
is "$(find data -type f | wc -l | tr -d ' ')" 1 "alone"
echo mine >data/f3
run mlops pull data/f3
rc_is 3 "one that was changed"
like "$err" "data/f3" "is named"
is "$(cat data/f3)" mine "and stays"
ok "unless by force" mlops pull --force data/f3
is "$(cat data/f3)" "row 3" "then it is as it was"
run mlops pull data/nonsuch
rc_is 1 "what is not in the folder"
like "$err" nonsuch "is named"
run mlops pull nonsuch
rc_is 1 "nor tracked at all"

clone
run mlops pull --glob '*.csv' --json
rc_is 0 "a pattern for names"
json_is 'd["written"]' 3 "chooses files"
is "$(find data large.bin -type f 2>/dev/null | sort | tr '\n' ' ')" "data/deep/large.csv data/deep/small.csv data/top.csv " "wherever they are"
clone
ok "one for paths" mlops pull -g 'data/*.csv'
is "$(find data -type f)" data/top.csv "goes by the whole path"
ok "of a folder" mlops pull -g '*' data/deep/er
ok "all of it" test -e data/deep/er/file
run mlops pull --glob '*.csv' --dry-run --json
json_is 'd["objects"], d["written"]' '[2,0]' "a dry run tells what is lacking"
ok "and writes nothing" test ! -e data/deep/small.csv
ok "into the store only" mlops pull --no-checkout data/deep/small.csv
ok "writes nothing either" test ! -e data/deep/small.csv
ok "then all" mlops pull
ok "is there" diff -r data "$origin/data"
run mlops status
rc_is 0 "and nothing differs"

# Over the network only what is asked for.
start_cloud
cd "$origin"
export AWS_ACCESS_KEY_ID=KEYOFOURS AWS_SECRET_ACCESS_KEY=secret-of-ours AWS_REGION=us-east-1 AWS_ENDPOINT_URL="$cloud_url"
mlops remote add cloud s3://bucket/x && mlops push -r cloud >/dev/null
clone
: >"$cloud/log"
ok "one file from an object store" mlops pull -r cloud data/f7
is "$(cat data/f7)" "row 7" "comes"
like "$(grep 'GET /bucket/x/blocks' "$cloud/log" | tail -1)" 'range=bytes=[0-9]+-[0-9]+' "by a range"
is "$(sed -n 's/.*blocks.*range=bytes=\([0-9]*\)-\([0-9]*\)$/\1 \2/p' "$cloud/log" | awk '{ n += $2 - $1 + 1 } END { print n < 5000 ? "little" : n }')" \
	little "of little more than its bytes"
: >"$cloud/log"
mlops config core.remote cloud
ok "a file of a commit" sh -c "mlops cat HEAD:data/f8 | grep -qx 'row 8'"
is "$(sed -n 's/.*blocks.*range=bytes=\([0-9]*\)-\([0-9]*\)$/\1 \2/p' "$cloud/log" | awk '{ n += $2 - $1 + 1 } END { print n < 5000 ? "little" : n }')" \
	little "is read by a range too"

done_testing
