# mlops metrics and params: at revisions, runs and in the work tree.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >params.yaml <<'YAML'
train: {lr: 0.1, name: a|b, layers: [1, 2]}
other: 1
YAML
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: 'python3 -c "import re; lr = float(re.search(r\"lr: ([0-9.]+)\", open(\"params.yaml\").read())[1]); open(\"m.json\", \"w\").write(\"{\\\"acc\\\": %s, \\\"loss\\\": {\\\"a\\\": [1, %s]}, \\\"text\\\": \\\"x\\\"}\" % (lr * 2, lr)); open(\"c.json\", \"w\").write(\"{\\\"cached\\\": %s}\" % lr)"'
    params: [train]
    metrics: [m.json: {cache: false}, c.json]
YAML
mlops run >/dev/null 2>&1
git add -A && git commit -qm one && git tag v1
sed -i 's/lr: 0.1/lr: 0.25/' params.yaml
mlops run >/dev/null 2>&1

run mlops metrics show
rc_is 0 "metrics of the work tree"
like "$out" "workspace +m.json +acc +0.5$" "a number"
like "$out" "m.json +loss.a.1 +0.25$" "nested ones"
unlike "$out" "text" "and no text"
run mlops metrics show v1 last --json
schema_ok metrics-show.json
json_is '[(f["file"], f["key"], f["value"]) for f in d["v1"]]' '[["c.json","cached",0.1],["m.json","acc",0.2],["m.json","loss.a.0",1],["m.json","loss.a.1",0.1]]' "a revision: from the commit and from the store"
json_is '{f["key"]: f["value"] for f in d["last"]}' '{"acc":0.5,"cached":0.25,"loss.a.0":1,"loss.a.1":0.25}' "a run"
run mlops metrics diff
like "$out" "m.json +acc +0.2 +0.5 +0.3$" "HEAD and the work tree"
unlike "$out" "loss.a.0" "only what differs"
run mlops metrics diff -a v1
like "$out" "loss.a.0 +1 +1 +0$" "or all"
run mlops metrics diff v1 last --json
schema_ok metrics-diff.json
json_is '[(f["key"], f["from"], f["to"]) for f in d["differences"]]' '[["acc",0.2,0.5],["cached",0.1,0.25],["loss.a.1",0.1,0.25]]' "a revision and a run"
run mlops metrics diff --markdown
like "$out" "^\| m.json \| acc \| 0.2 \| 0.5 \| 0.3 \|$" "for a pull request"

run mlops metrics show nowhere
rc_is 1 "a point that is none"
like "$err" "there is no revision or run 'nowhere'" "is said"

done_testing
