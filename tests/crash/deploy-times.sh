# `mlops deploy`, killed at random times: the project verifies, and the next deployment serves.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init && mkdir model || exit 1
	printf 'def predict(rows):\n    return [sum(r) for r in rows]\n' >model/predict.py
	git add -A && git commit -qm one && mlops model register sum --path model
}

attempt() { exec mlops deploy sum --name prod; }

intact() { mlops deployments && mlops model show sum; }

finished() {
	url=$(mlops deployments show prod --json | sed -n 's/^  "url": "\(.*\)",*$/\1/p')
	[ "$(curl -s --max-time 10 -d '{"instances":[[1,2]]}' "$url/v1/models/sum:predict")" = '{"predictions":[3]}' ]
}

tidy() { mlops undeploy prod --yes; }

COUNT=${COUNT:-8}
crash_test deploy times
