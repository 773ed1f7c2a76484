# mlops server: projects that cannot see each other, tokens over HTTP, TLS, the record of refusals, clients
# that ask too often or never come to an end, and how it ends.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
new_token() { mlops server token add "$@" --data "$data"; }
one=$(new_token one --scope write --project one)
two=$(new_token two --scope write --project two)
reader=$(new_token reader --project one)
chief=$(new_token chief --scope admin)
head_of_one=$(new_token head-of-one --scope admin --project one)
run mlops server token ls --data "$data" --json
schema_ok server-token-ls.json
json_is '[t["project"] for t in d["tokens"]]' '["one","two","one",null,"one"]' "tokens have a project"
run new_token bad --project ../two
rc_is 1 "whose name is a word"
start_server "$data"

# ask TOKEN METHOD PATH [ARG...]: the reply in $out, its status in $status.
ask() {
	ask_token=$1 ask_method=$2 ask_path=$3
	shift 3
	status=$(curl -s --path-as-is -m 20 -X "$ask_method" -H "Authorization: Bearer $ask_token" \
		-o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}

make_data
mlops remote add origin "$server_url/p/one"
ok "a project's token pushes there" env MLOPS_REMOTE_TOKEN="$one" mlops push
MLOPS_REMOTE_TOKEN=$two run mlops push
rc_is 4 "that of another does not"
clone
ok "and the bytes come back" env MLOPS_REMOTE_TOKEN="$reader" mlops pull
same_data "as they were"

large=$(sed -n 's/^oid: *sha256://p' large.bin.mlops)
ask "$reader" GET "/p/one/v1/objects/$large"
is "$status" 200 "an object is there by its name"
ask "$two" GET "/p/one/v1/objects/$large"
is "$status" 403 "to who is of another project it is not"
ask "$two" GET "/p/two/v1/objects/$large"
is "$status" 404 "nor is it in his own"
echo "$large" >names
ask "$two" POST /p/two/v1/objects/batch --data-binary @names
is "$(cat "$out")" "$large" "where it counts as missing"
ask "$two" GET "/v1/objects/$large"
is "$status" 403 "nor may he ask the default one"
ask "$two" GET "/p/two/../one/v1/objects/$large"
is "$status" 404 "nor by a path that goes up"
ask "$two" GET "/p/two%2f..%2fone/v1/objects/$large"
is "$status" 403 "nor by one in disguise"
ask "$chief" GET "/p/nowhere/v1/objects/$large"
is "$status" 404 "a project that is not there"
ask "$chief" GET "/v1/objects/$large"
is "$status" 404 "the default one has its own store"
ask "$reader" PUT "/p/one/v1/objects/$large" --data-binary @large.bin
is "$status" 403 "a token to read puts nothing"
printf other >other
# mlflow TOKEN CALL BODY: a request to the tracking server.
mlflow() { ask "$1" POST "/p/one/api/2.0/mlflow/$2" -H 'Content-Type: application/json' -d "$3"; }
mlflow "$one" registered-models/create '{"name": "m"}'
is "$status" 200 "a token to write makes a model"
mlflow "$reader" runs/create '{"experiment_id": "0"}'
is "$status" 403 "one to read makes no run"
for asks in experiments/search runs/search experiments/search-datasets logged-models/search \
	registered-models/get-latest-versions; do
	mlflow "$reader" "$asks" '{"experiment_ids": ["0"], "name": "m", "max_results": 1}'
	is "$status" 200 "but asks by POST: $asks"
done
trace='{"trace": {"trace_info": {"trace_id": "tr-a", "trace_location": {"mlflow_experiment": {"experiment_id": "0"}}}}}'
mlflow "$reader" traces "$trace"
is "$status" 403 "nor a trace"
mlflow "$one" traces "$trace"
mlflow "$reader" traces/search '{"locations": [{"mlflow_experiment": {"experiment_id": "0"}}]}'
is "$status" 200 "which he finds"
mlflow "$reader" traces/batchGetInfos '{"trace_ids": ["tr-a"]}'
is "$status" 200 "and reads"
for token in "$reader:403" "$one:200"; do
	python3 -I -S "$tap_src/tests/lib/otlp_request.py" json 0123456789abcdef0123456789abcdef >spans
	ask "${token%:*}" POST /p/one/v1/traces -H 'Content-Type: application/json' -H 'x-mlflow-experiment-id: 0' \
		--data-binary @spans
	is "$status" "${token#*:}" "spans by a token to ${token#*:}"
done
head -c 2000000 /dev/zero | tr '\0' ' ' >spaces
mlflow "$reader" runs/search @spaces
is "$status" 413 "not at length"
ask "$one" PUT "/p/one/v1/objects/$large" --data-binary @other
is "$status" 400 "what has another hash is not taken"

# Tokens over HTTP.
ask "$one" GET /p/one/v1/tokens
is "$status" 403 "to write is not to manage"
ask "$head_of_one" GET /p/one/v1/tokens
json_is 'sorted(t["name"] for t in d["tokens"])' '["head-of-one","one","reader"]' "a project's admin sees its tokens"
unlike "$out" 'mlt_' "not what they are"
ask "$head_of_one" POST /p/one/v1/tokens -d '{"name":"temp","scope":"write"}'
is "$status" 201 "he makes one"
temp=$(json_get 'd["token"]')
json_is 'd["project"]' one "for his project"
ask "$temp" PUT "/p/one/v1/objects/$large" --data-binary @large.bin
is "$status" 201 "which works at once"
ask "$head_of_one" POST /p/one/v1/tokens -d '{"name":"spy","project":"two"}'
is "$status" 403 "but none for another"
ask "$head_of_one" DELETE /p/one/v1/tokens/two
is "$status" 404 "whose tokens he cannot remove either"
ask "$head_of_one" DELETE /p/one/v1/tokens/temp
is "$status" 204 "only his own"
ask "$temp" GET /p/one/v1
is "$status" 401 "which is refused at once"
ask "$chief" POST /v1/tokens -d '{"name":"new","project":"three"}'
is "$status" 201 "who is admin of all makes projects too"
ask "$chief" POST /v1/tokens -d '{"name":"new/../x"}'
is "$status" 400 "with good names"
ask "$chief" POST /v1/tokens -d '{'
is "$status" 400 "in JSON that is whole"

# The record.
run cat "$data/audit.log"
is "$(stat -c %a "$data/audit.log")" 600 "the record is for the server alone"
refused() {
	ok "the record has: $1 of $2 at $3" grep -q "\"status\":$1,\"peer\":\"127.0.0.1\",\"token\":$2,\"project\":\"$3\"" "$data/audit.log"
}
refused 403 '"two"' one
refused 403 '"two"' default
refused 403 '"reader"' one
refused 400 '"one"' one
refused 401 null one
ok "and who made a token" grep -q '"event":"token added".*"token":"head-of-one","name":"temp"' "$data/audit.log"
unlike "$data/audit.log" "mlt_" "and no token"

for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
	ask mlt_guess GET /v1
done
is "$status" 429 "who guesses again and again is put off"
ask "$reader" GET /p/one/v1
is "$status" 200 "who has a good token is not"
ok "40 guesses are at most 32 lines" test "$(grep -c '"path":"/v1","message":"the token is not known"' "$data/audit.log")" -le 32

# Clients that idle, and such as send a byte now and then, leave the others alone.
python3 -I -S - "$server_url" "$tap_root/held" <<'PYTHON' &
import os, socket, sys, time
port = int(sys.argv[1].rpartition(":")[2])
def connect():
    s = socket.create_connection(("127.0.0.1", port))
    return s
idle = [connect() for _ in range(600)]
for s in idle:
    s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
for s in idle:
    s.recv(4096)
slow = [connect() for _ in range(100)]
for s in slow:
    s.sendall(b"PUT /p/one/v1/objects/" + b"0" * 64 + b" HTTP/1.1\r\nHost: x\r\nX: ")
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    for s in slow:
        s.send(b"y")
    time.sleep(0.1)
PYTHON
held=$!
cleanup "kill $held 2>/dev/null"
ok "600 idle clients and 100 that never end" wait_for 60 test -e "$tap_root/held"
clone
ok "do not keep others from pulling" env MLOPS_REMOTE_TOKEN="$reader" mlops pull
same_data "all that is theirs"
rm "$tap_root/held"
wait "$held"

# What is in flight when it is told to end is finished.
head -c 30000000 /dev/urandom >huge
huge=$(sha256sum <huge | cut -c-64)
curl -s -m 60 --limit-rate 15M -H "Authorization: Bearer $one" -o "$tap_root/put" -w '%{http_code}' \
	-T huge "$server_url/p/one/v1/objects/$huge" >"$tap_root/status" &
curl_pid=$!
ok "an upload is on its way" wait_for 20 sh -c "find '$data/projects/one/store/tmp' -type f | grep -q loose"
kill -TERM "$server_pid"
wait "$server_pid"
is $? 0 "told to end, it ends well"
wait $curl_pid
is "$(cat "$tap_root/status")" 201 "and the upload was taken"

# TLS.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 >"$tap_root/ssl" 2>&1
run mlops server --data "$data" --listen 127.0.0.1:0 --tls-cert cert.pem
rc_is 2 "a certificate takes its key"
run mlops server --data "$data" --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key "$data/audit.log"
rc_is 1 "which is one"
start_server "$data" --tls-cert cert.pem --tls-key key.pem
like "$server_url" '^https://' "it speaks HTTPS"
clone
mlops config remote.origin.url "$server_url/p/one"
MLOPS_REMOTE_TOKEN=$reader run mlops pull
rc_is 4 "who does not know the certificate asks for nothing"
ok "who knows it pulls" env SSL_CERT_FILE="$OLDPWD/cert.pem" MLOPS_REMOTE_TOKEN="$reader" mlops pull
same_data "over TLS"
is "$(curl -sk --tls-max 1.1 -m 10 -o "$out" -w '%{http_code}' "$server_url/health")" 000 "old versions of TLS are not spoken"
is "$(curl -s -m 10 -o "$out" -w '%{http_code}' "http${server_url#https}/health")" 000 "nor is plain HTTP"

done_testing
