# mlops params: at revisions, runs and in the work tree.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >params.yaml <<'YAML'
train: {lr: 0.1, name: a|b, layers: [1, 2]}
other: 1
YAML
printf 'stages:\n  train: {cmd: cp params.yaml out, params: [train], outs: [out]}\n' >mlops.yaml
mlops run >/dev/null 2>&1
git add -A && git commit -qm one && git tag v1
sed -i 's/lr: 0.1/lr: 0.25/' params.yaml
mlops run >/dev/null 2>&1

run mlops params diff
like "$out" "params.yaml +train.lr +0.1 +0.25 +0.15$" "parameters"
run mlops params diff v1 last --json
schema_ok params-diff.json
json_is '[(f["key"], f["from"], f["to"]) for f in d["differences"]]' '[["train.lr",0.1,0.25]]' "of a run: only what differs"
run mlops params show --json
schema_ok params-show.json
json_is '[(f["key"], f["value"]) for f in d["workspace"]]' '[["train.layers",[1,2]],["train.lr",0.25],["train.name","a|b"]]' "what no stage takes is no parameter"
run mlops params diff v1 v1
is "$(cat "$out")" "" "no difference"
git rm -q --cached mlops.yaml && git commit -qm without
run mlops params diff HEAD v1
like "$out" "train.lr +- +0.1" "a revision without a pipeline"
done_testing
