# Ten processes log at once, to a database that is just being made, and nothing is lost.
. "$(dirname "$0")/../lib/tap.sh"

new_project
printf 'stages:\n  one: {cmd: echo x >x, outs: [x]}\n' >mlops.yaml
git add -A
git commit -qm start
mlops run --name shared >/dev/null 2>&1
MLOPS_RUN_ID=$(mlops runs show shared --json | sed -n 's/^  "id": "\(.*\)",$/\1/p')
export MLOPS_RUN_ID

worker() {
	for step in 1 2 3 4 5 6 7 8 9 10; do
		mlops log metric loss$1=$step --step $step || echo "worker $1" >>"$tap_root/failures"
	done
	mlops log param worker$1=yes shared=same || echo "worker $1" >>"$tap_root/failures"
}
for n in 0 1 2 3 4 5 6 7 8 9; do
	worker $n &
done
wait
ok "every call succeeded" test ! -e "$tap_root/failures"
db() { sqlite3 .mlops/mlops.db "$1"; }
is "$(db 'SELECT count(*) FROM metric_points')" 100 "every point is there"
is "$(db "SELECT count(*) FROM params WHERE key LIKE 'worker%' OR key = 'shared'")" 11 "and every parameter"
is "$(db "SELECT count(*) FROM latest_metrics WHERE step = 10 AND value = 10")" 10 "the latest are right"
is "$(db 'PRAGMA integrity_check')" ok "the database is whole"

# A writer that holds the lock for longer than anyone waits.
cat >"$tap_root/hold.py" <<'PYTHON'
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
time.sleep(60)
PYTHON
python3 "$tap_root/hold.py" .mlops/mlops.db "$tap_root/held" &
holder=$!
cleanup "kill $holder 2>/dev/null"
wait_for 10 test -e "$tap_root/held"
MLOPS_CORE_LOCKTIMEOUT=50ms run mlops log metric late=1
rc_is 5 "a lock that is not given up is exit status 5"
like "$err" "in use by another process" "the message says why"
ok "reading goes on meanwhile" mlops runs
kill $holder
wait $holder 2>/dev/null
ok "and then it can be written again" mlops log metric late=1

done_testing
