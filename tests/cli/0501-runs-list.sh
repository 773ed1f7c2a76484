# Listing, showing and comparing runs.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir data
echo 1 >data/in.txt
mlops track data/in.txt >/dev/null 2>&1
echo 'train: {lr: 0.1, note: first}' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd:
      - cp data/in.txt model.txt
      - grep lr params.yaml >>model.txt
      - mlops log metric loss=0.5 acc=nan --step 1
      - mlops log metric loss=0.25 --step 2
      - mlops log tag kind=test
    deps: [data/in.txt]
    params: [train]
    outs: [model.txt: {type: model}]
YAML
git add -A
git commit -qm start

run mlops runs
rc_is 0 "no runs are no failure"
is "$(wc -c <"$out")" 0 "and print nothing"
run mlops runs --json
schema_ok runs.json "an empty list is valid"
json_is 'd["runs"]' '[]' "it is an empty array"
run mlops runs show last
rc_is 1 "there is no last run yet"
like "$err" 'hint: .*mlops run' "the hint says how to make one"

MLOPS_NOW=1700000000000 mlops run --name first >/dev/null 2>&1
MLOPS_NOW=1700000100000 mlops run --name second -P train.lr=0.2 --experiment tune >/dev/null 2>&1

run mlops runs
rc_is 0 "the list"
like "$out" '^RUN +NAME +EXPERIMENT +STATUS +STARTED +DURATION +acc +loss$' "has the metrics as columns"
is "$(sed -n 2p "$out" | awk '{print $2, $3, $4}')" "second tune FINISHED" "the newest is first"
run mlops runs -n 1
is "$(wc -l <"$out")" 2 "-n 1 shows one"
run mlops runs --experiment Default
unlike "$out" second "--experiment leaves out the others"
run mlops runs --json --filter "metrics.loss < 0.3 AND params.train.lr = '0.2'"
json_is '[r["name"] for r in d["runs"]]' '["second"]' "--filter leaves out what it does not hold for"
run mlops runs --json --filter "tags.kind LIKE 'te%'" --experiment Default
json_is '[r["name"] for r in d["runs"]]' '["first"]' "also of an experiment"
run mlops runs --filter "metrics.loss <"
rc_is 1 "a filter that is none"
like "$err" "Invalid clause" "is told"
sqlite3 .mlops/mlops.db "UPDATE runs SET deleted_ms = 1 WHERE name = 'second'"
is "$(mlops runs --json | python3 -c 'import json,sys; print([r["name"] for r in json.load(sys.stdin)["runs"]])')" "['first']" \
	"a run that a client of MLflow deleted is not listed"
run mlops runs show last --json
json_is 'd["name"]' first "nor the last one"
sqlite3 .mlops/mlops.db "UPDATE runs SET deleted_ms = NULL"
run mlops runs --experiment tun
rc_is 1 "an unknown experiment fails"
like "$err" "did you mean 'tune'" "with a suggestion"
run mlops runs --number=-1
rc_is 2 "a negative number is wrong usage"
run mlops runs surplus
rc_is 2 "an argument is wrong usage"

run mlops runs --json
schema_ok runs.json
json_is '[r["name"] for r in d["runs"]]' '["second","first"]' "the JSON has the same order"
json_is 'd["runs"][0]["metrics"]["acc"]["value"]' NaN "NaN is the text NaN"

run mlops runs show first
rc_is 0 "show"
like "$out" '^status +FINISHED$' "has the status"
like "$out" '^train.lr +0.1$' "has the parameters"
like "$out" '^loss +0.25 +2$' "has the latest point of a metric"
like "$out" '^kind +test$' "has the tags"
like "$out" '^data/in.txt +train +2 B +' "has the inputs"
run mlops runs show first --json
schema_ok runs-show.json
json_is 'd["params"]["train.lr"], d["exit_status"]' '["0.1",0]' "parameters and exit status"
json_is 'd["git_commit"]' "$(git rev-parse HEAD)" "the commit that it ran on"
json_is 'd["outputs"][0]["is_model"]' true "the model is known as one"
id=$(json_get 'd["id"]')
is "$(mlops runs show "$(echo "$id" | cut -c1-8)" --json)" "$(mlops runs show first --json)" \
	"the start of the id finds it"
run mlops runs show frist
rc_is 1 "an unknown run fails"
like "$err" "did you mean 'first'" "with a suggestion"
run mlops runs show "$(echo "$id" | cut -c1-3)"
rc_is 1 "three digits are too few"

run mlops runs diff first second
rc_is 0 "diff"
like "$out" '^WHAT +KEY +first +second$' "names the runs"
like "$out" '^params +train.lr +0.1 +0.2$' "shows the parameter"
like "$out" '^outputs +model.txt ' "shows the output"
unlike "$out" '^(metrics|inputs)|note' "and nothing that is equal"
run mlops runs diff first last --json
schema_ok runs-diff.json
json_is 'd["params"]' '[{"a":"0.1","b":"0.2","key":"train.lr"}]' "the same as JSON"
run mlops runs diff first first
is "$(wc -c <"$out")" 0 "a run does not differ from itself"
run mlops runs diff first
rc_is 2 "diff takes two"

done_testing
