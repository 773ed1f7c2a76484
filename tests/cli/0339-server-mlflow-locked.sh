# Another process keeps the server's database: MLflow's clients are told to try again, and no path.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

data=$scratch/data
start_server "$data" --no-auth
python3 -I -S -c 'import signal, sqlite3, sys
d = sqlite3.connect(sys.argv[1], isolation_level=None)
d.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w")
signal.pause()' "$data/mlops.db" "$scratch/held" &
holder=$!
cleanup "kill $holder 2>/dev/null"
wait_for 20 test -e "$scratch/held"
post experiments/create '{"name": "a"}'
refused 503 TEMPORARILY_UNAVAILABLE "a database that another process keeps"
is "$(grep -c -F "$data" "$out")" 0 "the answer does not say where it is"
kill "$holder"
wait "$holder" 2>/dev/null
post experiments/create '{"name": "a"}'
is "$rc" 200 "then it goes on"
done_testing
