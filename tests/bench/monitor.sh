# Drift of 1,000,000 rows x 20 columns against as many, from CSV, beside a script of SciPy and pandas
# that computes the same: a distance and a p-value for each column. CPU time of both is measured in
# this run, two times each, the better one counts. Prints `name ours peer ratio goal ok|short`.
# The packages go into a virtual environment outside of the project, $MLOPS_PEER_VENV.
MLOPS=${MLOPS:-build/mlops}
rows=${ROWS:-1000000}
venv=${MLOPS_PEER_VENV:-${TMPDIR:-/tmp}/mlops-peers-drift}
cache=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mlops-bench.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

has_packages() {
	"$venv/bin/python" -c "import scipy, pandas, pyarrow" 2>/dev/null
}
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >"$work/log" 2>&1
has_packages || "$venv/bin/pip" install -q --cache-dir "$cache" scipy pandas pyarrow >>"$work/log" 2>&1
has_packages || { echo "# skipped: scipy, pandas and pyarrow cannot be installed"; exit 0; }
"$venv/bin/python" "$here/monitor_data.py" "$rows" "$work/ref.csv" "$work/cur.csv" || exit 1

# cost FILE CMD...: appends "CPU-seconds KiB" of the command to FILE.
cost() {
	python3 -I -S "$here/cost.py" "$@" || exit 1
}
measure() {
	cost "$work/ours" "$MLOPS" monitor drift "$work/ref.csv" "$work/cur.csv"
	cost "$work/profile" "$MLOPS" monitor profile "$work/ref.csv" -o "$work/ref.profile"
	cost "$work/peer" "$venv/bin/python" -W ignore "$here/monitor_peer.py" "$work/ref.csv" "$work/cur.csv"
}
measure
measure
for what in ours peer profile; do
	sort -n "$work/$what" | head -n 1
done | tr '\n' ' ' | awk '
function line(name, ours, peer, unit, ratio, goal, ok) {
	printf "%s %.2f%s %.2f%s %.1fx %s %s\n", name, ours, unit, peer, unit, ratio, goal, ok ? "ok" : "short"
}
{
	c = $1; m = $2; pc = $3; pm = $4; fm = $6
	line("drift-csv-cpu", c, pc, "s", pc / c, ">=4x", pc / c >= 4)
	line("drift-csv-memory", m / 1024, pm / 1024, "MiB", pm / m, "<=64MiB", m <= 65536)
	line("profile-csv-memory", fm / 1024, pm / 1024, "MiB", pm / fm, "<=64MiB", fm <= 65536)
}'
