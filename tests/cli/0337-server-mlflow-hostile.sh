# What is no request to MLflow's API is refused in its form, and changes nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

data=$scratch/data
start_server "$data" --no-auth
new_run 0 victim
state() { sqlite3 "$data/mlops.db" "SELECT count(*), total(length(value)) FROM (SELECT value FROM tags UNION ALL SELECT value FROM params UNION ALL SELECT name FROM runs UNION ALL SELECT name FROM experiments)"; }
before=$(state)

python3 -I -S - "$tap_root" "$run" <<'PYTHON'
import json, sys
root, run = sys.argv[1:]
def put(name, data):
    open("%s/bad-%s" % (root, name), "wb").write(data)
tag = lambda v: json.dumps({"run_id": run, "key": "k", "value": v}).encode()
put("deep", b'{"a":' * 100000)
put("deep-list", b'{"run_id":' + b"[" * 70 + b"]" * 70 + b"}")
put("nul", tag("a\0b"))
put("nul-byte", tag("ab").replace(b"ab", b"a\0b"))
put("utf8", tag("zz").replace(b"zz", b"\xff\xfe"))
put("overlong", tag("zz").replace(b"zz", b"\xc0\xaf"))
put("surrogate", tag("zz").replace(b"zz", b"\\ud800"))
put("array", b"[1, 2]")
put("text", b'"x"')
put("twice", b'{"run_id": "a", "run_id": "b"}')
put("cut", tag("x")[:-3])
put("type", json.dumps({"run_id": 5, "key": ["k"], "value": {}}).encode())
put("object", json.dumps({"run_id": run, "key": "k", "value": {"a": 1}}).encode())
put("key", json.dumps({"run_id": run, "key": "k" * 251, "value": "v"}).encode())
put("control", json.dumps({"run_id": run, "key": "a\nb", "value": "v"}).encode())
put("dots", json.dumps({"run_id": run, "key": "../x", "value": "v"}).encode())
put("sql", json.dumps({"run_id": run + "' OR 1=1 --", "key": "k", "value": "v"}).encode())
PYTHON
for bad in "$tap_root"/bad-*; do
	call POST runs/set-tag "@$bad"
	case $rc in
	400 | 404) like "$(cat "$out")" '^\{"error_code":"[A-Z_]+","message":".' "refused: ${bad##*/bad-}" ;;
	*) is "$rc" 400 "refused: ${bad##*/bad-}" ;;
	esac
done
call POST runs/set-tag ""
refused 400 INVALID_PARAMETER_VALUE "refused: nothing"
rc=$(curl -s -m 20 -o "$out" -w '%{http_code}' -H 'Content-Type: text/plain' -d '{}' "$server_url/api/2.0/mlflow/runs/create")
refused 400 BAD_REQUEST "another content type"
head -c 104857600 /dev/zero | tr '\0' ' ' >big
rc=$(curl -s -m 60 -o "$out" -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @big "$server_url/api/2.0/mlflow/runs/set-tag")
is "$rc" 413 "a body of 100 MB"
get 'runs/get?run_id=%00'
is "$rc" 400 "a NUL in a query"
for value in -1 9223372036854775808 1e999 '"x"' '[]'; do
	post runs/log-metric "{\"run_id\": \"$run\", \"key\": \"m\", \"value\": 1, \"timestamp\": $value}"
	refused 400 INVALID_PARAMETER_VALUE "no timestamp: $value"
done
many() { python3 -I -S -c 'import json,sys; n=int(sys.argv[2]); print(json.dumps({"run_id":sys.argv[1],sys.argv[3]:[{"key":"k%d"%i,"value":"1" if sys.argv[3]!="metrics" else 1,"timestamp":1} for i in range(n)]}))' "$run" "$@" >"$tap_root/many"; }
for kind in metrics:1001 params:101 tags:101; do
	many "${kind#*:}" "${kind%:*}"
	call POST runs/log-batch "@$tap_root/many"
	refused 400 INVALID_PARAMETER_VALUE "too many: $kind"
done
post runs/search "{\"experiment_ids\": [\"0\"], \"max_results\": 50001}"
refused 400 INVALID_PARAMETER_VALUE "too many results"
post runs/search "{\"experiment_ids\": [\"0\"], \"order_by\": [\"metrics.a\", \"metrics.a DESC\"]}"
refused 400 INVALID_PARAMETER_VALUE "an order by the same twice"
post runs/search '{"experiment_ids": ["0"], "order_by": ["\"a\""]}'
refused 400 INVALID_PARAMETER_VALUE "an order by what is only quoted"
for what in order_by:51 order_by:40000 experiment_ids:40000; do
	python3 -I -S -c 'import json,sys; what,n=sys.argv[1].split(":"); print(json.dumps({"experiment_ids":["0"],what:["metrics.k%d"%i if what=="order_by" else str(i) for i in range(int(n))]}))' "$what" >"$tap_root/many"
	call POST runs/search "@$tap_root/many"
	refused 400 INVALID_PARAMETER_VALUE "a search with too many: $what"
done
is "$(state)" "$before" "nothing changed"
get "runs/get?run_id=$run"
is "$rc" 200 "and it still answers"

# Values that are too long are cut, and characters count, not bytes.
python3 -I -S -c 'import json,sys; print(json.dumps({"run_id":sys.argv[1],"key":"p","value":"\u00e9"*6001}))' "$run" >long
call POST runs/log-parameter @long
get "runs/get?run_id=$run"
json_is '[len(p["value"]) for p in d["run"]["data"]["params"]]' '[6000]' "a long value is cut"

# A database that lost a table: the client is told no more than that, the log is.
sqlite3 "$data/mlops.db" 'ALTER TABLE artifacts RENAME TO gone'
for path in mlflow/artifacts/list?run_id=$run mlflow-artifacts/artifacts/a; do
	rc=$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/api/2.0/$path")
	refused 500 INTERNAL_ERROR "what goes wrong in the server: ${path%%/*}"
	is "$(grep -c -e mlops.db -e 'no such table' "$out")" 0 "says nothing of its files"
done
ok "its log does" grep -q 'no such table' "$tap_root/server.err"
done_testing
