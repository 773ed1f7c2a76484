# mlops server: names that it is not known by, and pages of other sites, are refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

# ask METHOD PATH [ARG...]: the reply in $out, its status in $status, its headers in $scratch/head.
ask() {
	ask_method=$1 ask_path=$2
	shift 2
	status=$(curl -s -m 20 -X "$ask_method" -D "$scratch/head" -o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}
create() { # create NAME ORIGIN [ARG...]
	create_name=$1 create_origin=$2
	shift 2
	ask POST /api/2.0/mlflow/experiments/create -H 'Content-Type: application/json' \
		-H "Origin: $create_origin" -d "{\"name\": \"$create_name\"}" "$@"
}
start_server "$scratch/data" --no-auth

ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0" -H 'Host: evil.example'
is "$status" 403 "a foreign host"
like "$out" 'Invalid Host header - possible DNS rebinding attack detected' "is told why, as by MLflow"
like "$out" 'allowed-hosts' "and what to do"
ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0" -H 'Host: 10.evil.example'
is "$status" 403 "nor is a name that begins as an address one"
ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0" -H 'Host: 10.0.0.9:5000'
is "$status" 200 "a private address is fine"
like "$scratch/head" 'X-Content-Type-Options: nosniff' "types are not guessed"
like "$scratch/head" 'X-Frame-Options: SAMEORIGIN' "nor is it put in frames"
ask GET /health -H 'Host: evil.example'
is "$status" 200 "health is for all"
ok "the refusal is in the record" grep -q '"status":403.*DNS rebinding' "$scratch/data/audit.log"

create theirs https://evil.example
is "$status" 403 "a page of another site"
like "$out" 'Cross-origin request blocked' "is told why, as by MLflow"
ask GET "/api/2.0/mlflow/experiments/get-by-name?experiment_name=theirs"
is "$status" 404 "and changed nothing"
ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0" -H 'Origin: https://evil.example'
is "$status" 200 "its GET is answered"
unlike "$scratch/head" 'Access-Control-Allow-Origin' "not to the page"
create local http://localhost:3000
is "$status" 200 "a page of this machine may"
like "$scratch/head" 'Access-Control-Allow-Origin: http://localhost:3000' "and reads the answer"
create own "$server_url"
is "$status" 200 "so may its own page"
ask OPTIONS /api/2.0/mlflow/experiments/create -H 'Origin: http://localhost:3000' \
	-H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: content-type'
is "$status" 204 "a browser asks first"
like "$scratch/head" 'Access-Control-Allow-Headers: content-type' "and may"
ask OPTIONS /api/2.0/mlflow/experiments/create -H 'Origin: https://evil.example' \
	-H 'Access-Control-Request-Method: POST'
is "$status" 405 "for another site it may not"
unlike "$scratch/head" 'Access-Control-Allow-Origin' "and is not told so"
kill "$server_pid"
wait "$server_pid"

start_server "$scratch/data" --no-auth --allowed-hosts 'models.example.org,*.lab.example' \
	--cors-allowed-origins https://ui.example.org
ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0"
is "$status" 403 "names that are given are all"
ask GET "/api/2.0/mlflow/experiments/get?experiment_id=0" -H 'Host: models.example.org:443'
is "$status" 200 "with any port"
create ui https://ui.example.org -H 'Host: a.lab.example'
is "$status" 200 "a page that is allowed changes things"
create other https://evil.example -H 'Host: a.lab.example'
is "$status" 403 "another does not"

done_testing
