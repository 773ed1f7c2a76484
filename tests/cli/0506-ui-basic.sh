# mlops ui: a web page on the project's own runs.
. "$(dirname "$0")/../lib/tap.sh"

new_project
printf 'stages:\n  one:\n    cmd: mlops log metric loss=0.25\n' >mlops.yaml
mlops run --name seen >/dev/null 2>"$err" || diag <"$err"

# start [ARG...]: sets $ui_url and $ui_pid.
start() {
	rm -f "$scratch/url"
	mlops ui --ready-file "$scratch/url" "$@" >"$scratch/said" 2>"$scratch/err" &
	ui_pid=$!
	cleanup "kill $ui_pid 2>/dev/null"
	wait_for 20 test -s "$scratch/url" || diag <"$scratch/err"
	ui_url=$(cat "$scratch/url")
}
stop() {
	kill -INT "$ui_pid"
	wait "$ui_pid"
	is $? 0 "$1"
}

mkdir -p "$scratch/page" && echo '<title>a page</title>' >"$scratch/page/index.html"
start --page "$scratch/page"
is "$(cat "$scratch/said")" "listening on $ui_url" "the URL is printed"
is "$(curl -s -m 20 "$ui_url/")" '<title>a page</title>' "there is the page"
curl -s -m 20 -H 'Content-Type: application/json' -d '{"experiment_ids": ["0", "1"]}' \
	"$ui_url/ajax-api/2.0/mlflow/runs/search" >"$out"
json_is '[(r["info"]["run_name"], r["data"]["metrics"][0]["value"]) for r in d["runs"]]' '[["seen",0.25]]' \
	"and what it asks for, the project's runs"
is "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -H 'Host: evil.example' "$ui_url/")" 403 "by no other name"
is "$(curl -s -m 20 -o /dev/null -w '%{http_code}' "$ui_url/p/other/")" 404 "there is one project"
is "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -X POST "$ui_url/v1/objects/batch")" 404 "and no server of objects"
stop "it ends when it is told to"
run mlops runs --json
json_is '[r["name"] for r in d["runs"]]' '["seen"]' "and the runs are as they were"

# The page of the mlflow package, without running it.
mkdir -p "$scratch/bin" "$scratch/pkg/mlflow/server/js/build"
echo 'the package' >"$scratch/pkg/mlflow/server/js/build/index.html"
echo 'raise SystemExit("it was run")' >"$scratch/pkg/mlflow/__init__.py"
python=$(command -v python3)
printf '#!/bin/sh\nPYTHONPATH=%s exec %s "$@"\n' "$scratch/pkg" "$python" >"$scratch/bin/python3" && chmod +x "$scratch/bin/python3"
(PATH=$scratch/bin:$PATH && export PATH && start --no-browser && curl -s -m 20 "$ui_url/" && kill "$ui_pid") >"$out"
is "$(cat "$out")" 'the package' "its page is found"

printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/python3"
PATH=$scratch/bin:$PATH run mlops ui
rc_is 1 "without the package"
like "$err" 'pip install mlflow' "it says what to do"
run mlops ui --page "$scratch"
rc_is 1 "a folder without a page"
like "$err" 'no index.html' "is told"
run mlops ui --page "$scratch/page" --listen 0.0.0.0:0
rc_is 2 "it listens to this machine only"
like "$err" 'mlops server' "and says what is for others"
done_testing
