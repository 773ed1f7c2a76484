# Clients of MLflow 2.x and 3.x do the same with mlops server as with the real `mlflow server`, and get the
# same. Wants pythons that have them: $MLOPS_PEER_MLFLOW2 and $MLOPS_PEER_MLFLOW3, else the peer's own.
client2=${MLOPS_PEER_MLFLOW2:-} client3=${MLOPS_PEER_MLFLOW3:-}
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

peer mlflow || { done_testing; exit; }
start_server "$scratch/data" --no-auth
same() { # same VERSION PYTHON SCRIPT
	[ -x "$2" ] || { skip "there is no client of MLflow $1" "MLflow $1, $3"; return; }
	timeout 300 "$2" "$tap_src/tests/lib/$3.py" "$MLFLOW_TRACKING_URI" >"theirs$1" 2>"theirs$1.err"
	is $? 0 "MLflow $1 with mlflow server, $3" || diag <"theirs$1.err"
	timeout 300 "$2" "$tap_src/tests/lib/$3.py" "$server_url" >"ours$1" 2>"ours$1.err"
	is $? 0 "MLflow $1 with mlops server, $3" || diag <"ours$1.err"
	sed -i '/ View /d' "theirs$1" "ours$1" # 2.x prints addresses
	diff "theirs$1" "ours$1" >"diff$1"
	is $? 0 "it gets the same, MLflow $1, $3: $(wc -l <"ours$1") answers" || diag <"diff$1"
}
for script in mlflow_session mlflow_traces; do
	same 2 "$client2" $script
	same 3 "${client3:-$MLFLOW_PYTHON}" $script
done
same 3 "${client3:-$MLFLOW_PYTHON}" mlflow_otlp

# A script that knows nothing of us, beside no server.
unset MLFLOW_TRACKING_URI
new_project
cat >train.py <<'PYTHON'
import sys
import mlflow
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment(sys.argv[1])
mlflow.autolog()
LogisticRegression(C=0.5).fit([[i, i % 3] for i in range(20)], [i > 9 for i in range(20)])
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.25, step=3)
    mlflow.log_text("hello", "notes/a.txt")
    assert mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a.txt") == "hello"
PYTHON
logs() { # logs VERSION PYTHON
	[ -x "$2" ] || { skip "there is no client of MLflow $1" "MLflow $1"; return; }
	timeout 300 mlops exec --name "auto$1" -- "$2" train.py "quick$1" >"$tap_root/exec" 2>&1
	is $? 0 "MLflow $1 in mlops exec" || diag <"$tap_root/exec"
	run mlops runs show "auto$1" --json
	json_is '[d["status"], d["params"]["C"], d["metrics"]["training_score"]["value"]]' '["FINISHED","0.5",1]' "logs by itself"
	run mlops runs show last --json
	json_is '[d["experiment"], d["metrics"]["loss"]["value"], d["metrics"]["loss"]["step"]]' "[\"quick$1\",0.25,3]" "and a run of its own"
}
logs 2 "$client2"
logs 3 "${client3:-$MLFLOW_PYTHON}"
# What they recorded in a database, with no server.
cat >keep.py <<'PYTHON'
import sys
import mlflow
mlflow.set_tracking_uri(f"sqlite:///kept{sys.argv[1]}.db")
mlflow.set_experiment(f"kept{sys.argv[1]}")
with mlflow.start_run(run_name=f"kept{sys.argv[1]}"):
    mlflow.log_param("C", 0.5)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("bad", float("nan"))
    mlflow.log_metric("big", float("inf"))
    mlflow.log_text("hello", "notes/a.txt")
with mlflow.start_run() as run:
    pass
mlflow.delete_run(run.info.run_id)
PYTHON
takes() { # takes VERSION PYTHON
	[ -x "$2" ] || { skip "there is no client of MLflow $1" "a database of MLflow $1"; return; }
	timeout 300 "$2" keep.py "$1" >"$tap_root/keep" 2>&1 || diag <"$tap_root/keep"
	run mlops import mlflow "kept$1.db"
	rc_is 0 "a database of MLflow $1"
	is "$(cat "$out")" "imported: 2 runs with 1 artifacts; 0 were here already" "MLflow $1: is taken over"
	run mlops runs show "kept$1" --json
	json_is '[d["experiment"], d["status"], d["params"]["C"], [d["metrics"][k]["value"] for k in ("loss", "bad", "big")]]' \
		"[\"kept$1\",\"FINISHED\",\"0.5\",[0.3333333333333333,\"NaN\",\"Infinity\"]]" "MLflow $1: with what it recorded"
}
takes 2 "$client2"
takes 3 "${client3:-$MLFLOW_PYTHON}"
done_testing
