# mlops model predict beside XGBoost, LightGBM and scikit-learn: equal to 1e-6 on their real data sets.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"

python_peer scoring xgboost lightgbm scikit-learn skl2onnx || done_testing
"$peer_python" -W ignore "$tap_src/tests/lib/scoring_peer.py" >models 2>"$err" || { diag <"$err"; exit 1; }
isnt "$(wc -l <models)" 0 "models of the three libraries"
while read -r name file table; do
	run mlops model predict "$file" "$table"
	ok "$name is equal" python3 -S - "$out" "$table.want" <<'PY'
import sys
got, want = ([[float(x) for x in line.split(",")] for line in open(path) if line[0] != "p"] for path in sys.argv[1:])
far = [abs(g - w) / max(1, abs(w)) for x, y in zip(got, want, strict=True) for g, w in zip(x, y, strict=True)]
sys.exit(f"{max(far)} off" if max(far) > 1e-6 else 0)
PY
done <models
done_testing
