# Registering models from runs and from the work tree, and showing them.
. "$(dirname "$0")/../lib/tap.sh"

new_project
echo 'train: {lr: 0.1}' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: >-
      mkdir -p model && cp params.yaml model/weights && echo plot >plot.svg &&
      echo '{"accuracy": 0.9}' >metrics.json
    params: [train]
    outs: [model: {type: model}, plot.svg]
    metrics: [metrics.json: {cache: false}]
YAML
git add -A
git commit -qm start

run mlops model ls
rc_is 0 "no models are no failure"
is "$(wc -c <"$out")" 0 "and print nothing"
run mlops model show wine
rc_is 1 "an unknown model fails"
like "$err" 'hint: .*mlops model register' "the hint says how to make one"
run mlops model register wine --from-run last
rc_is 1 "without a run there is nothing to register"
run mlops model ls --json
json_is 'd["models"]' '[]' "and no model is left behind"

mlops run --name first >/dev/null 2>&1
run mlops model register wine --from-run first --json
rc_is 0 "register"
schema_ok model-register.json
json_is 'd["version"], d["aliases"], d["path"]' '[1,["champion"],"model"]' "the first version is champion"
json_is 'd["object"]["kind"], d["object"]["files"]' '["tree",1]' "it is the folder that the run made"
json_is 'd["metrics"]["accuracy"]["value"]' 0.9 "with the metrics of the run"
json_is 'd["git_commit"]' "$(git rev-parse HEAD)" "and its commit"
object=$(json_get 'd["object"]["oid"]')
run mlops runs show first --json
json_is '[o["oid"] for o in d["outputs"] if o["is_model"]][0]' "$object" "the very object of the run"

mlops run --name second -P train.lr=0.2 >/dev/null 2>&1
run mlops model register wine --from-run last
is "$(cat "$out")" "registered wine:2 from 'model'" "a second version has no alias"
run mlops model register wine --from-run first --path plot.svg --alias plot
like "$out" "registered wine:3 @plot from 'plot.svg'" "--path picks an output, --alias names it"
mkdir sub
cd sub || exit 1
run mlops model register graph --from-run first --path ../plot.svg
rc_is 0 "a path is as seen from the current folder"
cd ..

echo hand-made >by-hand.bin
run mlops model register manual --path by-hand.bin --json
rc_is 0 "a file of the work tree"
json_is 'd["run_id"]' null "comes from no run"
json_is 'd["object"]["oid"]' "$(sha256sum by-hand.bin | cut -d' ' -f1)" "and is what its SHA-256 says"
rm by-hand.bin
run mlops verify
rc_is 0 "the store verifies"
unlike "$out" "not here" "and has all that was registered"

run mlops model ls
like "$out" '^MODEL +VERSIONS +ALIASES +UPDATED$' "ls has a header"
like "$out" '^wine +3 +plot:3, champion:1 ' "and what each alias means"
run mlops model ls --json
schema_ok model-ls.json
json_is '[m["name"] for m in d["models"]]' '["graph","manual","wine"]' "sorted by name"
run mlops model show wine
like "$out" '^ +1 +champion ' "show has the versions"
run mlops model show wine --json
schema_ok model-show.json
json_is '[v["version"] for v in d["versions"]]' '[3,2,1]' "newest first"
run mlops model show wine@champion
like "$out" '^model +wine:1$' "one version by alias"
like "$out" "^object +sha256:$object$" "with its object"
run mlops model show wine:2 --json
schema_ok model-show.json
json_is 'd["model"], d["version"]' '["wine",2]' "one version by number"
is "$(sqlite3 .mlops/mlops.db "SELECT group_concat(subject) FROM audit")" \
	"wine:1,wine:2,wine:3,graph:1,manual:1" "each has its row in the audit trail"

done_testing
