# mlops server backup and restore: while the server is written to, whole or not there, and back again.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data backup=$scratch/backup
token=$(mlops server token add chief --scope admin --data "$data")
MLOPS_REMOTE_TOKEN=$token
export MLOPS_REMOTE_TOKEN
start_server "$data"
# mlflow PATH BODY: a call of the API; the reply in $out.
mlflow() {
	curl -s -m 20 -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -o "$out" \
		-d "$2" "$server_url$1"
}
curl -s -m 20 -H "Authorization: Bearer $token" -o "$out" -d '{"name":"one","project":"one"}' "$server_url/v1/tokens"
make_data
mlops remote add origin "$server_url" && mlops push >"$out"
mlflow /p/one/api/2.0/mlflow/registered-models/create '{"name": "of-one"}'
printf 'a blob' >blob
digest=sha256:$(sha256sum <blob | cut -c-64)
curl -s -m 20 -u "me:$token" -o "$out" -H 'Content-Type: application/octet-stream' --data-binary @blob \
	-X POST "$server_url/v2/repo/blobs/uploads/?digest=$digest"

# Experiments and objects keep coming: an object is there before the experiment that has its name.
python3 -I -S - "$server_url" "$token" "$tap_root/writing" <<'PYTHON' &
import hashlib, json, os, sys, urllib.request
url, token, flag = sys.argv[1:]
def call(method, path, body, kind):
    headers = {"Authorization": "Bearer " + token, "Content-Type": kind}
    urllib.request.urlopen(urllib.request.Request(url + path, body, headers, method=method), timeout=20).read()
open(flag, "w").close()
n = 0
while os.path.exists(flag):
    body = b"object %d" % n
    name = hashlib.sha256(body).hexdigest()
    call("PUT", "/v1/objects/" + name, body, "application/octet-stream")
    call("POST", "/api/2.0/mlflow/experiments/create", json.dumps({"name": name}).encode(), "application/json")
    n += 1
    if n == 20:
        open(flag + ".many", "w").close()
PYTHON
writer=$!
cleanup "kill $writer 2>/dev/null"
ok "the server is written to" wait_for 30 test -e "$tap_root/writing.many"
run mlops server backup --data "$data" "$backup" --json
rc_is 0 "a backup is made meanwhile"
schema_ok server-backup.json
json_is 'd["projects"] == 2 and d["objects"] > 20' true "of all projects"
ok "the server goes on" kill -0 "$writer"
rm "$tap_root/writing"
wait "$writer"
is $? 0 "and no request failed"
is "$(stat -c %a "$backup")" 700 "it is for its owner alone"
is "$(find "$backup" -name '*-wal' -o -name '*.lock' -o -name '*.partial' | wc -l)" 0 "there is nothing of a process in it"
like "$(find "$backup/store/loose" -type f -printf '%n\n' | sort -u)" '^2$' "objects are there once, as links"
is "$(stat -c %h "$backup/tokens")" 1 "what may change is not"
run mlops server backup --data "$data" "$backup"
rc_is 1 "what is there is not written over"
like "$err" "'$backup' is there already" "which is said"
run mlops server backup --data "$data" "$data/within"
rc_is 1 "nor is a copy made within itself"
run mlops server backup --data "$scratch" "$scratch/other"
rc_is 1 "nor of another folder"
ok "and none is left" test ! -e "$scratch/other" -a ! -e "$data/within"

# The server's disk is lost.
kill "$server_pid"
wait "$server_pid"
rm -rf "$data"
mkdir "$data"
run mlops server restore "$backup" --data "$data" --json
rc_is 0 "it is restored"
schema_ok server-restore.json
start_server "$data"
mlops config remote.origin.url "$server_url"
clone
ok "with its objects" mlops pull
same_data "as they were"
curl -s -m 20 -H "Authorization: Bearer $token" -o "$out" "$server_url/p/one/api/2.0/mlflow/registered-models/get?name=of-one"
json_is 'd["registered_model"]["name"]' of-one "a project's models"
is "$(curl -s -m 20 -u "me:$token" "$server_url/v2/repo/blobs/$digest")" 'a blob' "and the registry's blobs"
mlflow /api/2.0/mlflow/experiments/search '{"max_results": 50000}'
json_get '"\n".join(e["name"] for e in d["experiments"] if len(e["name"]) == 64)' >names
ok "experiments are there" test "$(wc -l <names)" -ge 20
curl -s -m 20 -H "Authorization: Bearer $token" -o "$out" --data-binary @names "$server_url/v1/objects/batch"
is "$(cat "$out")" "" "and no object that one names is missing"

# Damage is found, and no reason to have no backup.
loose=$(find "$data/store/loose" -type f | head -n 1)
cp "$loose" damaged && flip damaged 3 && rm -f "$loose" && cp damaged "$loose"
run mlops server backup --data "$data" "$scratch/second"
rc_is 3 "a damaged object is told"
like "$err" "1 of its objects are damaged" "which is said"
ok "and the rest is there" test -e "$scratch/second/mlops.db"
kill "$server_pid"
wait "$server_pid"
printf 'no database, whatever its name says; it is longer than the header of one, which has a hundred bytes' >"$data/mlops.db"
rm -f "$data"/mlops.db-*
run mlops server backup --data "$data" "$scratch/third"
rc_is 3 "without its database there is none"
like "$err" "database '$data/mlops.db' is damaged" "which is said"
is "$(find "$scratch" -maxdepth 1 -name 'third*' | wc -l)" 0 "and nothing is left"

done_testing
