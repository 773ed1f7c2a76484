# Asking a tracking server in MLflow's words; sourced after tap.sh and remote.sh.

# call VERB PATH [BODY]: a request below /api/2.0/mlflow/, the reply in $out; $rc is the HTTP status.
call() {
	rc=$(curl -s -m 60 -o "$out" -w '%{http_code}' -X "$1" -H 'Content-Type: application/json' \
		${3+--data-binary "$3"} "$server_url/api/2.0/mlflow/$2")
}
post() { call POST "$@"; }
get() { call GET "$1"; }

# refused STATUS CODE NAME: the last call was, in MLflow's form.
refused() {
	is "$rc $(json_get 'd["error_code"]' 2>&1)" "$1 $2" "$3"
}

# new_run EXPERIMENT NAME: sets $run.
new_run() {
	post runs/create "{\"experiment_id\": \"$1\", \"run_name\": \"$2\", \"start_time\": ${3:-1}}"
	run=$(json_get 'd["run"]["info"]["run_id"]')
}

# found FILTER [ORDER]: the names of the runs of $exp that a search gives.
found() {
	python3 -I -S -c 'import json,sys; json.dump({"experiment_ids":[sys.argv[1]],"filter":sys.argv[2],"order_by":sys.argv[3:]},sys.stdout)' \
		"$exp" "$@" >"$tap_root/search"
	call POST runs/search "@$tap_root/search"
	json_get '" ".join(r["info"]["run_name"] for r in d.get("runs",[])) if "error_code" not in d else d["message"]'
}
