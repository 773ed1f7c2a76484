# Which output of a run is its model, when that is not plain.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  two:
    cmd: echo a >a && echo b >b && echo '{"n":1}' >m.json
    outs: [a: {type: model}, b: {type: model}]
    metrics: [m.json: {cache: false}]
YAML
git add -A
git commit -qm start
mlops run --name both >/dev/null 2>&1

run mlops model register x --from-run both
rc_is 1 "two models are one too many"
like "$err" "run 'both' has 2 models" "the message counts them"
like "$err" 'hint: .*--path: a, b' "the hint has the outputs"
ok "--path decides" mlops model register x --from-run both --path b
run mlops model register x --from-run both --path c
rc_is 1 "an output that the run does not have"
like "$err" "no output 'c'" "the message names it"
run mlops model register x --from-run both --path m.json
rc_is 1 "an output that is in git"
like "$err" "kept in git" "the message says so"

chmod -R u+w .mlops/store
rm -rf .mlops/store/packs/* .mlops/store/loose/*
run mlops model register x --from-run both --path a
rc_is 1 "an output that the store has lost"
like "$err" 'hint: .*mlops pull' "the hint says where to get it"
run mlops model show x --json
json_is 'len(d["versions"])' 1 "none of these made a version"

done_testing
