# mlops server: GET /metrics, what was asked by route and status, in Prometheus' text form.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
token=$(mlops server token add watcher --data "$data")
writer=$(mlops server token add writer --scope write --project one --data "$data")
start_server "$data"

# ask TOKEN PATH [ARG...]: the reply in $out, its status in $status.
ask() {
	ask_token=$1 ask_path=$2
	shift 2
	status=$(curl -s -m 20 -H "Authorization: Bearer $ask_token" -o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}
metrics_have() { ask "$token" /metrics && grep -Eq "$1" "$out"; }
counted() { ok "$2" wait_for 20 metrics_have "$1"; }

is "$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/metrics")" 401 "they are not for anybody"
ask "$writer" /metrics
is "$status" 403 "nor for who is of one project"
ask "$writer" /p/one/metrics
is "$status" 404 "which has none of its own"
is "$(curl -s -m 20 -H "Authorization: Bearer $token" -o "$out" -w '%{content_type}' "$server_url/metrics")" \
	'text/plain; version=0.0.4' "a token to read gets them"

for _ in 1 2 3; do
	ask "$token" /health
	ask "$token" "/nowhere-$_"
done
ask "$token" /api/2.0/mlflow/experiments/get-by-name?experiment_name=Default
ask "$writer" /p/one/api/2.0/mlflow/experiments/create -H 'Content-Type: application/json' -d '{"name": "secret"}'
ask "$token" /api/2.0/mlflow/no/such/call
counted '^mlops_requests_total\{method="GET",route="/health",status="200"\} 3$' "requests are counted by route"
counted '^mlops_requests_total\{method="any",route="other",status="404"\} 3$' "paths that are none together"
counted '^mlops_requests_total\{method="GET",route="/metrics",status="401"\} 1$' "refusals too"
counted '^mlops_requests_total\{method="GET",route="/api/2.0/mlflow/experiments/get-by-name",status="200"\} 1$' "each call of MLflow by itself"
counted '^mlops_requests_total\{method="POST",route="/api/2.0/mlflow/experiments/create",status="200"\} 1$' "of any project"
counted '^mlops_requests_total\{method="GET",route="/api/2.0/mlflow/\{call\*\}",status="404"\} 1$' "what is no call together"
counted '^mlops_request_duration_seconds_count\{method="GET",route="/health",status_class="2xx"\} 3$' "times are there"
counted '^mlops_request_duration_seconds_count\{method="any",route="other",status_class="4xx"\} 3$' "by class of status"
unlike "$out" 'nowhere|secret|mlt_|/p/one' "and nothing of what was asked for"
ok "it is what Prometheus reads" python3 -I -S - "$out" <<'PYTHON'
import re, sys
seen, types, last = set(), {}, {}
for line in open(sys.argv[1]):
    line = line.rstrip("\n")
    if line.startswith("# TYPE "):
        name, kind = line.split()[2:]
        assert name not in types, name
        types[name] = kind
        continue
    if line.startswith("#"):
        continue
    m = re.fullmatch(r'([a-z_]+)\{((?:[a-z_]+="[^"\\\n]*",?)+)\} (\d+(?:\.\d+)?)', line)
    assert m, line
    series = m[1] + m[2]
    assert series not in seen, line
    seen.add(series)
    assert m[1] in types or re.sub("_(bucket|sum|count)$", "", m[1]) in types, line
    if m[1].endswith("_bucket"):
        rest = re.sub(',?le="[^"]*"', "", m[2])
        assert float(m[3]) >= last.get(rest, 0), line
        last[rest] = float(m[3])
assert last
PYTHON

kill "$server_pid"
wait "$server_pid"
start_server "$data" --no-auth
is "$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/metrics")" 200 "without tokens they are for all"

done_testing
