# The experiment run that mlops run leaves.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir data
echo raw >data/raw.csv
echo '{"opt": {"name": "adam w"}, "deep": [1, 2]}' >model.json
printf 'lr: 0.1\nseed: 7\n' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  split:
    cmd: cp data/raw.csv train.csv
    deps: [data/raw.csv]
    outs: [train.csv]
  train:
    cmd: |
      mkdir m && cp train.csv m/weights
      for i in 1 2 3; do mlops log metric loss=0.$i --step $i; done
      mlops log tag note="from the stage"
      echo '{"train": {"acc": 0.5}, "best": "x"}' > m.json
    deps: [train.csv, data/raw.csv]
    params: [lr, {model.json: }]
    outs: [{m: {type: model}}]
    metrics: [{m.json: {cache: false}}]
  score:
    cmd: "printf 'acc: 0.9\\n' > score.yaml"
    deps: [m]
    params: [seed]
    metrics: [score.yaml]
YAML
git add -A && git commit -qm start
ok "a run" mlops run --name first --experiment trials
run mlops runs show first --json
json_is 'd["experiment"]' trials "the experiment is the one that was named"
json_is 'd["status"]' FINISHED "it finished"
json_is 'd["git_commit"]' "$(git rev-parse HEAD)" "the commit is noted"
json_is 'd["params"]' '{"lr":"0.1","model.json:deep":"[1,2]","model.json:opt.name":"adam w","seed":"7"}' \
	"parameters of all stages, text without quotes"
json_is '{k: v["value"] for k, v in d["metrics"].items()}' '{"acc":0.9,"loss":0.3,"train.acc":0.5}' \
	"metrics of files, and those the stage logged"
json_is 'd["metrics"]["loss"]["step"]' 3 "with the step"
json_is 'd["tags"]["note"]' "from the stage" "a stage can set a tag"
json_is '[i["path"] for i in d["inputs"]]' '["data/raw.csv"]' "inputs come from outside, once each"
json_is '[(o["path"], o["stage"], o["is_model"]) for o in d["outputs"]]' \
	'[["m","train",true],["m.json","train",false],["score.yaml","score",false],["train.csv","split",false]]' \
	"outputs have their stage"
json_is '[(s["name"], s["exit_status"], s["cached"]) for s in d["stages"]]' \
	'[["split",0,false],["train",0,false],["score",0,false]]' "stages are there"

sed -i 's/seed: 7/seed: 8/' params.yaml
ok "another run" mlops run --name second
run mlops runs show second --json
json_is '[(s["name"], s["cached"]) for s in d["stages"]]' '[["split",true],["train",true],["score",false]]' \
	"stages that did not run are marked"
json_is '[o["path"] for o in d["outputs"] if o["is_model"]]' '["m"]' "their outputs are the run's too"
json_is '"train.acc" in d["metrics"]' true "and their metrics"
ok "nothing to do" mlops run
run mlops runs --json
json_is 'len(d["runs"])' 2 "leaves no run"
ok "a model can be registered from the second run" mlops model register net --from-run second

cat >mlops.yaml <<'YAML'
stages:
  bad: {cmd: echo no > m.json, metrics: [m.json]}
YAML
run mlops run
rc_is 0 "metrics that are no JSON"
like "$err" "warning: metrics file 'm.json' is not recorded" "are a warning: the stage did its work"
ok "the project verifies" mlops verify

done_testing
