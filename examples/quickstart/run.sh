#!/bin/sh
# From data to production and back, in a scratch folder: `make quickstart` runs it with mlops in
# PATH. KEEP=1 keeps the folder. Every command is shown; facts are checked, and one that does not
# hold ends the script.
set -eu

src=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mlops-quickstart.XXXXXX")
export XDG_CONFIG_HOME="$scratch/config"
server='' load='' deployed=''

finish() {
	status=$?
	trap - EXIT
	[ -z "$load" ] || kill "$load" 2>/dev/null || :
	[ -z "$deployed" ] || (cd "$scratch/wine" && mlops undeploy prod --yes >/dev/null 2>&1) || :
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	if [ -n "${KEEP:-}" ]; then
		echo "kept: $scratch"
	else
		chmod -R u+w "$scratch" && rm -rf "$scratch"
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() {
	printf '\n== %s\n' "$*"
}

# A command as it would be typed, then what it prints.
show() {
	printf '\n$'
	for word; do
		case $word in
		*[!A-Za-z0-9_./:=@,+-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
	"$@"
}

fact() {
	what=$1
	shift
	"$@" >/dev/null 2>&1 || { echo "quickstart: this does not hold: $what" >&2; exit 1; }
	echo "-- $what"
}

# A value out of JSON on standard input: `json "d['url']"`.
json() {
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

milliseconds() {
	python3 - "$@" <<'PY'
import subprocess, sys, time
start = time.monotonic()
for _ in range(10):
    subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(round((time.monotonic() - start) * 100, 1))
PY
}

wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || { echo "quickstart: waited in vain for: $*" >&2; exit 1; }
		sleep 0.05
	done
}

step '1. A project, and data that git does not have to carry'
mkdir "$scratch/wine"
cd "$scratch/wine"
cp "$src"/*.py "$src"/*.yaml "$src/.gitignore" .
cp -r "$src/data" data
show git init -q .
git config user.name 'Quick Start'
git config user.email quickstart@example.org
show mlops init
show mlops track data/wine.csv
fact 'a pointer stands for the data in git' git ls-files --error-unmatch data/wine.csv.mlops
fact 'the data itself is ignored' git check-ignore data/wine.csv
show git add .
show git commit -qm 'The wine project'

step '2. A pipeline that runs what is out of date'
show mlops run --name first
show mlops run
fact 'a second run does nothing' test "$(mlops run --json | json "d['run_id']")" = None
echo "-- it takes $(milliseconds mlops run) ms"
show git add .
show git commit -qm 'First results'
show mlops run --name faster -P train.lr=0.1
fact 'params.yaml is as it was' git diff --quiet params.yaml

step '3. Every run is on record'
show mlops runs
show mlops runs show first
show mlops runs diff first faster
fact 'the loss was logged while it trained' \
	test "$(mlops runs show first --json | json "d['metrics']['loss']['step']")" = 300
show git checkout -q mlops.lock metrics.json
show mlops run
fact 'back at the first result, the model comes out of the store' test -z "$(git status --porcelain)"

step '4. The model gets a name and a version'
show mlops model register wine --from-run first
show mlops model ls
show mlops model show wine
fact 'the first version is the champion' \
	test "$(mlops model show wine@champion --json | json "d['version']")" = 1

step '5. Shared through a folder, and through a server'
show mlops remote add origin "$scratch/shared"
show mlops push
show git add .
show git commit -qm 'A remote'
show git clone -q . "$scratch/clone"
cd "$scratch/clone"
show mlops pull
fact 'the clone has the same data' cmp "$scratch/wine/data/wine.csv" data/wine.csv
show mlops run
fact 'the clone has the same model, without training it' cmp "$scratch/wine/model/model.json" model/model.json
cd "$scratch/wine"

umask 077
mlops server token add quickstart --scope write --data "$scratch/server" >"$scratch/token"
umask 022
mlops server --data "$scratch/server" --listen 127.0.0.1:0 --ready-file "$scratch/url" >/dev/null &
server=$!
wait_for test -s "$scratch/url"
show mlops remote add hub "$(cat "$scratch/url")"
show mlops config --local remote.hub.tokenFile "$scratch/token"
show mlops push -r hub
git add .
git commit -qm 'A server'
show git clone -q . "$scratch/other"
cd "$scratch/other"
show mlops config --local remote.hub.tokenFile "$scratch/token"
show mlops pull -r hub
fact 'the bytes came through the server' cmp "$scratch/wine/data/wine.csv" data/wine.csv
cd "$scratch/wine"

step '6. In production'
deployed=yes
show mlops deploy wine@champion --to local --name prod
url=$(mlops deployments show prod --json | json "d['url']")
show python3 client.py "$url" >"$scratch/first.txt"
cat "$scratch/first.txt"
fact 'its metrics can be scraped' \
	python3 -c "import urllib.request as u; assert b'# TYPE' in u.urlopen('$url/metrics').read()"

step '7. A second version, and back, without a request lost'
show mlops model register wine --from-run faster
show mlops model alias wine champion 2
python3 client.py "$url" "$scratch/stop" >"$scratch/load.json" &
load=$!
show mlops deploy wine@champion --to local --name prod
show python3 client.py "$url" >"$scratch/second.txt"
cat "$scratch/second.txt"
fact 'the new version predicts otherwise' test "$(cat "$scratch/first.txt")" != "$(cat "$scratch/second.txt")"
show mlops rollback prod
show python3 client.py "$url" >"$scratch/back.txt"
cat "$scratch/back.txt"
fact 'after the rollback it predicts as at first' \
	cmp "$scratch/first.txt" "$scratch/back.txt"
touch "$scratch/stop"
wait "$load"
load=''
echo "-- requests meanwhile: $(cat "$scratch/load.json")"
fact 'none of them failed' test "$(json "d['asked'] > 20 and d['failed'] == 0" <"$scratch/load.json")" = True
show mlops deployments
show mlops deployments history prod
show mlops undeploy prod --yes
deployed=''
fact 'the project is sound' mlops verify

printf '\nThat was the whole way. Next: mlops help\n'
