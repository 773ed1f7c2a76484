# For tests of deployments; sourced after tap.sh. They are ended when the script ends.

# write_model DIR: a model whose predictions are sums, plus $add when given, and which tells its pid.
write_model() {
	mkdir -p "$1" && cat >"$1/predict.py" <<MODEL
import os, time

def predict(rows):
    if rows == ["pid"]:
        return [os.getpid()]
    if rows == ["sleep"]:
        time.sleep(60)
    return [${add:-0} + sum(r.values() if isinstance(r, dict) else r) for r in rows]
MODEL
}

# add_version NAME DIR: registers the folder as the model's next version.
add_version() {
	mlops model register "$1" --path "$2" >"$tap_root/ok" 2>&1 || { diag <"$tap_root/ok"; exit 1; }
}

# end_later NAME: ends the deployment of this project when the script ends.
end_later() {
	cleanup "mlops -C '$PWD' undeploy '$1' --yes >/dev/null 2>&1"
}

# serve OPTION...: mlops serve on a free port; its URL into $u, its process id into $pid.
serve() {
	: >"$out" # before the background job can: what an earlier one printed must not be found
	mlops serve --listen 127.0.0.1:0 --json "$@" >"$out" 2>"$err" &
	pid=$!
	cleanup "kill $pid 2>/dev/null"
	wait_for 30 grep -q '^}' "$out" || { diag <"$err"; exit 1; }
	u=$(json_get 'd["url"]')
}

url() {
	mlops deployments show "$1" --json | sed -n 's/^  "url": "\(.*\)",*$/\1/p'
}

# predict URL INSTANCES [MODEL]: the reply in TensorFlow Serving's form.
predict() {
	curl -s --max-time 20 -d "{\"instances\":$2}" "$1/v1/models/${3:-wine}:predict"
}

control() {
	curl -s --max-time 20 --unix-socket ".mlops/run/deploy/$1/control.sock" "http://localhost/$2"
}

gateway_pid() {
	control "$1" status | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'
}

worker_pid() {
	predict "$1" '["pid"]' | sed -n 's/.*\[\([0-9]*\)\].*/\1/p'
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# start_load URL: predicts without a pause until stop_load.
start_load() {
	rm -f "$tap_root/stop"
	python3 -I -S "$tap_src/tests/lib/load.py" "$1/v1/models/wine:predict" "$tap_root/stop" >"$tap_root/load" 2>&1 &
	load_pid=$!
	wait_for 20 grep -q started "$tap_root/load"
}

# stop_load NAME: passes when no request failed.
stop_load() {
	: >"$tap_root/stop"
	wait "$load_pid"
	tap_point $? "$1" || { diag <"$tap_root/load"; return 1; }
}
