# MLflow's own web page, as its wheel carries it, in Chromium, on mlops server: it shows what was logged.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

command -v chromium >/dev/null || skip_all "Chromium is not installed"
peer mlflow || { done_testing; exit; }
page=$("$MLFLOW_PYTHON" -c 'import mlflow, os; print(os.path.join(os.path.dirname(mlflow.__file__), "server/js/build"))' 2>"$tap_root/ok")
[ -f "$page/index.html" ] || skip_all "the wheel has no page"
start_server "$scratch/data" --no-auth --ui-dir "$page"
cat >log.py <<'PYTHON'
import sys
import mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
experiment = mlflow.set_experiment("seen").experiment_id
for name in ("first", "second"):
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_param("rate", 0.1)
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("hello", "notes/a.txt")
with mlflow.start_span("asked") as span:
    span.set_inputs({"question": "what"})
MlflowClient().create_registered_model("kept")
MlflowClient().create_model_version("kept", run.info.artifact_uri, run.info.run_id)
print(experiment, run.info.run_id)
PYTHON
"$MLFLOW_PYTHON" log.py "$server_url" >ids 2>"$tap_root/ok" || diag <"$tap_root/ok"
tail -1 ids >last && read -r experiment run_id <last

# shows PATH REGEX NAME: what the page is once it has asked all.
shows() {
	HOME=$scratch timeout 90 chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=20000 \
		--user-data-dir="$scratch/chromium" --dump-dom "$server_url/#$1" 2>"$tap_root/chromium" |
		tr '\n' ' ' | sed 's/<style[^>]*>[^<]*//g; s/<svg[^>]*class="main-svg"/ a plot <svg/g; s/<[^>]*>/ /g; s/  */ /g' >text
	like text "$2" "$3"
	unlike text 'ENDPOINT_NOT_FOUND|Something went wrong' "$3: and nothing is amiss"
}
shows "/experiments/$experiment/runs" 'first.*second|second.*first' "the runs of an experiment"
shows "/experiments/$experiment/runs?compareRunsMode=CHART" 'loss.*a plot' "their curves"
shows "/experiments/$experiment/runs/$run_id" 'second.*Finished' "a run"
shows "/experiments/$experiment/runs/$run_id/artifacts" 'notes' "its files"
shows "/experiments/$experiment/traces" 'question' "the traces"
shows "/models" 'kept' "the models"
shows "/models/kept/versions/1" 'Version 1' "a version"
done_testing
