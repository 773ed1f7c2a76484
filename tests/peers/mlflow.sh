# Clients of MLflow 2.x and 3.x do the same with mlops server as with the real `mlflow server`, and get the
# same. Wants pythons that have them: $MLOPS_PEER_MLFLOW2 and $MLOPS_PEER_MLFLOW3, else the peer's own.
client2=${MLOPS_PEER_MLFLOW2:-} client3=${MLOPS_PEER_MLFLOW3:-}
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

peer mlflow || { done_testing; exit; }
start_server "$scratch/data" --no-auth
same() { # same VERSION PYTHON
	[ -x "$2" ] || { skip "there is no client of MLflow $1" "MLflow $1"; return; }
	timeout 300 "$2" "$tap_src/tests/lib/mlflow_session.py" "$MLFLOW_TRACKING_URI" >"theirs$1" 2>"theirs$1.err"
	is $? 0 "MLflow $1 with mlflow server" || diag <"theirs$1.err"
	timeout 300 "$2" "$tap_src/tests/lib/mlflow_session.py" "$server_url" >"ours$1" 2>"ours$1.err"
	is $? 0 "MLflow $1 with mlops server" || diag <"ours$1.err"
	sed -i '/ View /d' "theirs$1" "ours$1" # 2.x prints addresses
	diff "theirs$1" "ours$1" >"diff$1"
	is $? 0 "it gets the same, MLflow $1: $(wc -l <"ours$1") answers" || diag <"diff$1"
}
same 2 "$client2"
same 3 "${client3:-$MLFLOW_PYTHON}"
done_testing
