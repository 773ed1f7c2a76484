# mlops model lineage: data, code, runs, parents, what came of it.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
echo raw >raw
cat >mlops.yaml <<'YAML'
stages:
  base: {cmd: 'tr a-z A-Z <raw >base', deps: [raw], outs: [base: {type: model}]}
YAML
git add -A && git commit -qm first
mlops run >/dev/null 2>&1
mlops model register base --from-run last >/dev/null
first=$(git rev-parse HEAD)
# The next pipeline reads the model that the first one made, as it would one that was fetched.
cp base weights
cat >mlops.yaml <<'YAML'
stages:
  tune: {cmd: 'cat weights more > tuned', deps: [weights, more], outs: [tuned: {type: model}]}
YAML
echo more >more
git add -A && git commit -qm second
mlops run >/dev/null 2>&1
mlops model register tuned --from-run last >/dev/null
second=$(git rev-parse HEAD)
echo "INSERT INTO deployments (name, target, port, created_ms) VALUES ('prod', 'local', 0, 0);
	INSERT INTO revisions (deployment_id, number, model, version, kind, executable, oid, size, files, workers, status, user, created_ms)
	SELECT 1, 1, 'tuned', 1, kind, executable, oid, size, files, 1, 1, 'ann', 0 FROM model_versions WHERE path = 'tuned';" |
	python3 -I -S -c 'import sqlite3, sys; sqlite3.connect(".mlops/mlops.db").executescript(sys.stdin.read())'

run mlops model lineage tuned --json
rc_is 0 "a version's lineage"
schema_ok model-lineage.json
json_is 'sorted((n["kind"], n["label"]) for n in d["nodes"] if n["kind"] not in ("run", "commit"))' \
	'[["data","more"],["data","raw"],["data","weights"],["deployment","prod revision 1"],["version","base:1"],["version","tuned:1"]]' \
	"has data, its parent, and where it is deployed"
json_is 'sorted(n["label"] for n in d["nodes"] if n["kind"] == "commit")' \
	"$(printf '%s\n%s\n' "$first" "$second" | sort | sed 's/.*/"&"/' | paste -sd, | sed 's/.*/[&]/')" "and the code of each run"
json_is '[(e["from"].split(":")[0], e["to"].split(":")[0]) for e in d["edges"] if e["to"] == "model:tuned:1" or e["from"] == "model:tuned:1"]' \
	'[["run","model"],["model","deployment"]]' "from what came first to what was made of it"
json_is 'len([1 for e in d["edges"] if e["from"] == "model:base:1" and e["to"].startswith("data:")])' 1 "also through the data"
run mlops model lineage base --json
json_is '"model:tuned:1" in [n["id"] for n in d["nodes"]]' true "the other way round it is what came of it"
run mlops model lineage tuned
like "$out" "^version tuned:1" "as text"
like "$out" "^      version base:1$" "with the parent below"
like "$out" "^  deployment prod revision 1  active$" "and its use"
run mlops model lineage tuned --format dot
like "$out" "^digraph lineage \{$" "or for dot"
is "$(grep -c -- '->' "$out")" "$(mlops model lineage tuned --json | grep -c '"from"')" "with all edges"
if command -v dot >/dev/null; then
	ok "which takes it" dot -Tsvg -o /dev/null "$out"
else
	skip "dot is not installed" "which takes it"
fi
run mlops model lineage tuned --format x
rc_is 2 "no such form"
run mlops model retire tuned --yes
rc_is 3 "what is deployed"
like "$err" "tuned:1 is deployed as 'prod'" "is not retired"
done_testing
