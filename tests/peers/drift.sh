# What mlops monitor drift says of real and of made-up data is what SciPy, NumPy and Evidently's
# formulas say, to 1e-6. The packages go into a virtual environment outside of the project,
# $MLOPS_PEER_VENV.
venv=${MLOPS_PEER_VENV:-${TMPDIR:-/tmp}/mlops-peers-drift}
cache=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
. "$(dirname "$0")/../lib/tap.sh"

[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >"$out" 2>&1 || skip_all "python3 cannot make a virtual environment"
"$venv/bin/python" -c "import scipy" 2>/dev/null || "$venv/bin/pip" install -q --cache-dir "$cache" scipy >"$out" 2>&1
"$venv/bin/python" -c "import scipy" 2>/dev/null || skip_all "scipy cannot be installed"

# same NAME REFERENCE CURRENT: every test on every column that it fits.
same() {
	"$venv/bin/python" -W ignore "$tap_src/tests/lib/drift_peer.py" "$MLOPS" "$2" "$3" >"$tap_root/peer" 2>&1
	tap_point $? "$1: $(tail -1 "$tap_root/peer")" || diag <"$tap_root/peer"
}
for rows in 60 900 4000; do
	python3 -I -S "$tap_src/tests/lib/drift_set.py" $rows $rows a.csv b.csv
	same "$rows rows against as many" a.csv b.csv
	head -n $((rows / 3)) b.csv >c.csv
	same "$rows rows against a third" a.csv c.csv
done
python3 -I -S "$tap_src/tests/lib/drift_set.py" 9 12000 a.csv b.csv
head -n 5000 b.csv >c.csv
same "12000 rows against 5000" a.csv c.csv
# whole numbers without a missing one have bins at least 1 wide
awk -v OFS=, 'BEGIN { print "i,j"; for (k = 0; k < 3000; k++) print k * k % 23, int(k / 7) }' >a.csv
awk -v OFS=, 'BEGIN { print "i,j"; for (k = 0; k < 2000; k++) print k * k % 29, int(k / 5) }' >b.csv
same "whole numbers" a.csv b.csv
wine=$tap_src/examples/quickstart/data/wine.csv
if [ -f "$wine" ]; then
	{ head -n 1 "$wine"; tail -n +2 "$wine" | awk 'NR % 2'; } >a.csv
	{ head -n 1 "$wine"; tail -n +2 "$wine" | awk 'NR % 2 == 0'; } >b.csv
	same "the halves of a real data set" a.csv b.csv
fi
done_testing
