# mlops import mlflow: a database of MLflow, whole and damaged.
. "$(dirname "$0")/../lib/tap.sh"

new_project
a=0123456789abcdef0123456789abcdef b=11111111111111111111111111111111 c=22222222222222222222222222222222
mkdir old
sql() { sqlite3 old/mlflow.db; }
sql <<'SQL'
CREATE TABLE alembic_version (version_num TEXT);
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
	lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
INSERT INTO experiments VALUES (0, 'Default', '', 'active'), (7, 'wine', '', 'active'), (8, 'gone', '', 'deleted');
SQL
sql <<SQL
INSERT INTO runs VALUES ('$a', 'calm', 'ann', 'FINISHED', 1700000000000, 1700000005000, 'active', 'mlflow-artifacts:/7/$a/artifacts', 7),
	('$b', 'off', 'bob', 'FAILED', 5, NULL, 'deleted', './near/$b', 7), ('$c', 'in', 'bob', 'KILLED', 5, 6, 'deleted', NULL, 8);
INSERT INTO params VALUES ('lr', '0.1', '$a'), ('opt/name', 'adam', '$a');
INSERT INTO tags VALUES ('team', 'x
y', '$a');
INSERT INTO metrics VALUES ('loss', 0.5, 1700000001000, '$a', 0, 0), ('loss', 0.25, 1700000002000, '$a', 1, 0),
	('bad', 0, 1700000001000, '$a', 0, 1), ('big', -1.7976931348623157e308, 1, '$a', 0, 0);
SQL
mkdir -p "old/mlartifacts/7/$a/artifacts/notes" "old/near/$b"
echo hello >"old/mlartifacts/7/$a/artifacts/notes/a.txt"
echo near >"old/near/$b/file"

run mlops import mlflow old/mlflow.db
rc_is 0 "a database"
is "$(cat "$out")" "imported: 3 runs with 2 artifacts; 0 were here already" "is taken over"
is "$(cat "$err")" '' "without a word of warning"
run mlops runs show $a --json
json_is '[d["name"], d["experiment"], d["status"], d["user"], d["start_ms"], d["end_ms"]]' \
	'["calm","wine","FINISHED","ann",1700000000000,1700000005000]' "runs are what they were"
json_is '[d["params"], d["tags"]["team"]]' '[{"lr":"0.1","opt/name":"adam"},"x\ny"]' "with parameters and tags"
json_is '[d["metrics"][k]["value"] for k in ("loss", "bad", "big")]' '[0.25,"NaN","-Infinity"]' "and metrics"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM metric_points WHERE key = 'loss'")" 2 "all of their points"
is "$(mlops runs --json | grep -c '"id"')" 1 "those that were deleted are so here, also with their experiment"
is "$(sqlite3 .mlops/mlops.db "SELECT group_concat(path, ' ') FROM (SELECT path FROM artifacts ORDER BY path)")" \
	"1/$a/artifacts/notes/a.txt 1/$b/artifacts/file" "artifacts are found"

echo "INSERT INTO metrics VALUES ('loss', 0.125, 1700000003000, '$a', 2, 0)" | sql
run mlops import mlflow "sqlite:///old/mlflow.db" --json
schema_ok import-mlflow.json
json_is '[d["runs"], d["present"]]' '[0,3]' "once more, as MLflow names it"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM metric_points WHERE key = 'loss'")" 3 "it takes what is new"

# What is not as it should be, and files that are no artifacts.
mkdir "$scratch/outside" && echo secret >"$scratch/outside/file"
ln -s "$scratch/outside" old/near/link
d=33333333333333333333333333333333 e=44444444444444444444444444444444 f=55555555555555555555555555555555
sql <<SQL
INSERT INTO runs VALUES ('$d', 'd', 'x', 'FINISHED', 1, 2, 'active', 'file://$scratch/outside', 7),
	('$e', 'e', 'x', 'odd', 1, 2, 'active', 'mlflow-artifacts:/../../../outside', 7), ('$f', 'f', NULL, NULL, NULL, NULL, NULL, 'near/link', 7),
	('short', 'g', 'x', 'FINISHED', 1, 2, 'active', '', 7);
INSERT INTO params VALUES ('', 'v', '$d'), ('good', NULL, '$d'), ('bytes', CAST(x'ff' AS TEXT), '$d');
INSERT INTO metrics VALUES ('', 1, 1, '$e', 0, 0);
SQL
run mlops import mlflow old/mlflow.db
rc_is 0 "a damaged one"
is "$(cat "$out")" "imported: 2 runs with 0 artifacts; 3 were here already" "gives what is whole"
like "$err" "'short' is no id" "a name that is none is told of"
like "$err" "'$e' is left out" "so is a metric without one"
like "$err" "artifacts of 3 runs are left out.*--artifacts" "and files that lie elsewhere are not read"
run mlops runs show $d --json
json_is '[d["params"]]' '[{"good":""}]' "with the rest"
run mlops import mlflow old/mlflow.db --artifacts "$scratch/outside"
is "$(sqlite3 .mlops/mlops.db "SELECT path FROM artifacts WHERE path LIKE '%$d%'")" "1/$d/artifacts/file" "unless they are named"

run mlops import mlflow .mlops/mlops.db
rc_is 1 "a database of something else"
like "$err" "no database of MLflow" "is refused"
echo 'not a database, but longer than that' >text
run mlops import mlflow text
isnt "$rc" 0 "nor is a text one"
done_testing
