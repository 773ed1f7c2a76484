# mlops serve asked by the real clients: Triton's over HTTP and gRPC, OpenAI's through it to an upstream; a
# model that MLflow saved; and nginx behind it.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"
. "$tap_src/tests/lib/peers.sh"

python_peer serve 'tritonclient[http,grpc]' openai || done_testing
client() {
	timeout 120 "$peer_python" -W ignore "$tap_src/tests/lib/serve_clients.py" "$@" >"$tap_root/facts" 2>"$err" || diag <"$err"
	while read -r status name; do
		tap_point "$status" "$name"
	done <"$tap_root/facts"
}

mkdir wine
printf '%s\n' 'def predict(rows):' '    return [float(sum(r)) for r in rows]' >wine/predict.py
serve --dir wine
client triton "${u#http://}"
kill -TERM "$pid"
wait "$pid"

python3 -I -S "$tap_src/tests/lib/upstream.py" "$PWD/port" &
cleanup "kill $! 2>/dev/null"
wait_for 20 test -s port
for i in 0 1 2; do : >"port.$i"; done
echo "ann $(printf %s secret | sha256sum | cut -d' ' -f1)" >keys
serve --upstream "http://127.0.0.1:$(cat port)" --keys keys
client openai "$u/v1"
kill -TERM "$pid"
wait "$pid"

if peer mlflow; then
	"$MLFLOW_PYTHON" -W ignore - svr >want 2>"$err" <<'PY' || diag <"$err"
import json, sys, mlflow, numpy, pandas, sklearn.svm
from mlflow.models import infer_signature
x, y = pandas.DataFrame({"a": [1.0, 2, 3, 4], "b": [0.0, 1, 0, 1]}), numpy.array([0, 1, 0, 1])
model = sklearn.svm.SVR().fit(x, y)
mlflow.sklearn.save_model(model, sys.argv[1], signature=infer_signature(x, model.predict(x)))
print(json.dumps({"predictions": model.predict(x[:2]).tolist()}, separators=(",", ":")))
PY
	MLOPS_PYTHON=$MLFLOW_PYTHON
	export MLOPS_PYTHON
	serve --dir svr --start-timeout 60s
	unset MLOPS_PYTHON
	is "$(curl -s -H 'Content-Type: application/json' -d '{"dataframe_split":{"columns":["a","b"],"data":[[1,0],[2,1]]}}' "$u/invocations")" \
		"$(cat want)" "an MLflow model predicts as it does there"
	is "$(curl -s -d '{"instances":[[1,0],[2,1]]}' "$u/v1/models/svr:predict")" "$(cat want)" "also for rows without names"
	kill -TERM "$pid"
	wait "$pid"
fi

if start_nginx; then
	head -c 5000000 /dev/urandom >"$nginx_root/large"
	serve --upstream "$nginx_url"
	ok "nginx behind it: a large file" sh -c "curl -s '$u/large' | cmp - '$nginx_root/large'"
	is "$(curl -s -r 100-199 "$u/large" | cmp -n 100 - "$nginx_root/large" 0 100 && echo same)" same "and a part of it"
	is "$(curl -s -o body -w '%{http_code}' -T "$nginx_root/large" "$u/copy")" 201 "a file that is sent"
	ok "arrives" cmp "$nginx_root/copy" "$nginx_root/large"
	is "$(curl -s -o body -w '%{http_code}' "$u/none")" 404 "what is not there"
fi
done_testing
