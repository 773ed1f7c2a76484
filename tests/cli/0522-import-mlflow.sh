#!/bin/sh
# mlops import mlflow: a file store, whole and damaged.
. "$(dirname "$0")/../lib/tap.sh"

new_project
a=0123456789abcdef0123456789abcdef
# run_dir ID STATUS [LINES]: the folder of a run in experiment 7.
run_dir() {
	at=mlruns/7/$1
	mkdir -p "$at/params" "$at/metrics" "$at/tags" "$at/artifacts"
	printf 'run_id: %s\nrun_name: calm\nuser_id: ann\nstatus: %s\nstart_time: 1700000000000\nend_time: 1700000005000\nlifecycle_stage: %s\n' \
		"$1" "$2" "${3:-active}" >"$at/meta.yaml"
}
mkdir -p mlruns/7 mlruns/models/m mlruns/.trash
printf "artifact_location: file:///x\nexperiment_id: '7'\nlifecycle_stage: active\nname: wine\n" >mlruns/7/meta.yaml
run_dir $a 3
mkdir -p mlruns/7/$a/params/opt mlruns/7/$a/artifacts/notes
printf 0.1 >mlruns/7/$a/params/lr
printf adam >mlruns/7/$a/params/opt/name
printf 'x\ny' >mlruns/7/$a/tags/team
printf '1700000001000 0.5 0\n1700000002000 0.25 1\n' >mlruns/7/$a/metrics/loss
printf '1700000001000 nan 0\n' >mlruns/7/$a/metrics/bad
printf '1700000001000 2.5\n' >mlruns/7/$a/metrics/old
echo hello >mlruns/7/$a/artifacts/notes/a.txt
run_dir fedcba98765432100123456789abcdef 5 deleted

run mlops import mlflow mlruns
rc_is 0 "a file store"
is "$(cat "$out")" "imported: 2 runs with 1 artifacts; 0 were here already" "is taken over"
run mlops runs show $a --json
json_is '[d["name"], d["experiment"], d["status"], d["user"], d["start_ms"], d["end_ms"]]' \
	'["calm","wine","FINISHED","ann",1700000000000,1700000005000]' "runs are what they were"
json_is '[d["params"], d["tags"]["team"]]' '[{"lr":"0.1","opt/name":"adam"},"x\ny"]' "with parameters and tags"
json_is '[d["metrics"][k]["value"] for k in ("loss", "bad", "old")]' '[0.25,"NaN",2.5]' "and metrics"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM metric_points WHERE key = 'loss'")" 2 "all of their points"
is "$(mlops runs --json | grep -c '"id"')" 1 "those that were deleted are so here"
start() { mlops exec -q --no-run -- sh -c "curl -s -H \"Authorization: Bearer \$MLFLOW_TRACKING_TOKEN\" \"\$MLFLOW_TRACKING_URI/$1\""; }
is "$(start "api/2.0/mlflow-artifacts/artifacts/1/$a/artifacts/notes/a.txt")" hello "MLflow's clients get the artifacts"
run mlops import mlflow mlruns --json
rc_is 0 "once more"
schema_ok import-mlflow.json
json_is '[d["runs"], d["present"]]' '[0,2]' "takes what is new, which is nothing"

# A run that went on, and an experiment that was deleted.
printf '1700000003000 0.125 2\n' >>mlruns/7/$a/metrics/loss
printf second >mlruns/7/$a/params/later
printf other >mlruns/7/$a/tags/team
echo more >mlruns/7/$a/artifacts/notes/b.txt
mkdir -p mlruns/.trash/9
printf 'name: gone\nlifecycle_stage: deleted\n' >mlruns/.trash/9/meta.yaml
run_dir 44444444444444444444444444444444 3 deleted
mv mlruns/7/44444444444444444444444444444444 mlruns/.trash/9
run mlops import mlflow mlruns --json
json_is '[d["runs"], d["present"]]' '[1,2]' "what went on"
run mlops runs show $a --json
json_is '[d["metrics"]["loss"]["value"], d["params"]["later"], d["tags"]["team"]]' '[0.125,"second","other"]' "is brought up to date"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM metric_points WHERE key = 'loss'")" 3 "without its points twice"
is "$(start "api/2.0/mlflow-artifacts/artifacts/1/$a/artifacts/notes/b.txt")" more "with its artifacts"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM runs r JOIN experiments e ON e.id = experiment_id
	WHERE e.name = 'gone' AND e.deleted_ms = r.deleted_ms")" 1 "what was deleted is so here, and can be restored"
rm -r mlruns/.trash/9 mlruns/7/$a/artifacts/notes/b.txt

# What is not as it should be is left out, and told of.
b=11111111111111111111111111111111
run_dir $b 4
echo secret >"$tap_root/secret"
ln -s "$tap_root/secret" mlruns/7/$b/artifacts/link
ln -s "$tap_root" mlruns/7/$b/params/folder
printf '\377' >mlruns/7/$b/params/bytes
printf 'not a point\n' >mlruns/7/$b/metrics/loss
printf '1 2 3\n' >mlruns/7/$b/metrics/good
{ seq -f '%.0f 1 1' 20000; echo 'no point'; } >mlruns/7/$b/metrics/half
{ head -c 9000 /dev/zero | tr '\0' 1; echo ' 1 1'; } >mlruns/7/$b/metrics/wide
head -c 100000 /dev/zero | tr '\0' x >mlruns/7/$b/params/long
run_dir 22222222222222222222222222222222 3
echo '[1' >mlruns/7/22222222222222222222222222222222/meta.yaml
run_dir 33333333333333333333333333333333 3
printf 'status: many\n' >mlruns/7/33333333333333333333333333333333/meta.yaml
mkdir -p mlruns/8 "mlruns/7/../9" && echo 'name: [x]' >mlruns/8/meta.yaml && printf 'name: ""\n' >mlruns/9/meta.yaml
run mlops import mlflow mlruns
rc_is 0 "a damaged one"
is "$(cat "$out")" "imported: 1 runs with 0 artifacts; 2 were here already" "gives what is whole"
for word in link folder bytes loss half wide 22222222 33333333 mlruns/8 mlruns/9; do
	like "$err" "$word.* is left out" "and is told that $word is not"
done
run mlops runs show $b --json
json_is '[d["status"], d["params"], list(d["metrics"])]' '["FAILED",{},["good"]]' "with the rest"
is "$(sqlite3 .mlops/mlops.db 'SELECT count(*) FROM artifacts')" 2 "nothing outside of it is read"
run mlops import mlflow .mlops
rc_is 1 "a folder of something else"
like "$err" "holds no runs of MLflow" "is refused"
run mlops import mlflow nowhere
rc_is 1 "and none"
done_testing
