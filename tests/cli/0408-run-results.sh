# mlops run: results of former runs come back by their inputs, whatever ran in between.
. "$(dirname "$0")/../lib/tap.sh"

new_project
echo 'lr: 1' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: echo >> runs; mkdir model; cp params.yaml model/; echo '{"acc":0.5}' > m.json
    params: [lr]
    outs: [model]
    metrics: [m.json: {cache: false}]
  use: {cmd: cat model/* > used, deps: [model], outs: [used]}
YAML
trained() { wc -l <runs | tr -d ' '; }
run mlops run
run sed -i 's/1/2/' params.yaml
run mlops run
is "$(trained)" 2 "two values, two runs"
echo 'lr: 1' >params.yaml
run mlops run --dry-run
like "$err" "stage 'train': restored: params.yaml: lr changed 2 -> 1" "a former value: a dry run says why"
is "$(cat used)" "lr: 2" "and changes nothing"
run mlops run
rc_is 0 "it is gone back to"
is "$(trained) $(cat used)" "2 lr: 1" "its results come back, and nothing runs"
like m.json acc "those that are in git too"
ok "the lock has them" grep -q "value: .*1" mlops.lock
run mlops run
like "$err" "everything is up to date" "and is up to date"

sed 's/^  train:/  fit:/' mlops.yaml >new && mv new mlops.yaml
run mlops run
is "$(trained)" 2 "another name of the stage does not matter"
like "$err" "everything is up to date" "nothing comes back that is there"
ok "but is pinned" grep -q "^  fit:" mlops.lock

sed -i 's/0.5/0.6/' mlops.yaml
run mlops run
is "$(trained)" 3 "another command runs"
sed -i 's/0.6/0.5/' mlops.yaml
run mlops run -f
is "$(trained)" 4 "with --force even a known one does"

# what the store lacks is made again
sed -i 's/0.5/0.6/' mlops.yaml
rm -rf .mlops/store/packs .mlops/store/loose
run mlops run
rc_is 0 "a former result whose objects are gone"
is "$(trained)" 5 "is made again"

# a failed stage leaves none
new_project
printf 'stages:\n  s: {cmd: "echo >> runs; echo x > out; test -e good", outs: [out]}\n' >mlops.yaml
run mlops run
rc_is 1 "a stage fails"
touch good
run mlops run
is "$(wc -l <runs | tr -d ' ')" 2 "and runs again"

# a stage without outputs is run for what it does
new_project
echo 1 >in
printf 'stages:\n  a: {cmd: echo x >> did, deps: [in]}\n' >mlops.yaml
mlops run >/dev/null 2>&1
echo 2 >in
mlops run >/dev/null 2>&1
echo 1 >in
run mlops run
is "$(wc -l <did | tr -d ' ')" 3 "a stage without outputs has no result to come back"

run mlops runs show last --json
schema_ok runs-show.json
json_is '[s["peak_bytes"] > 100000 and s["cpu_ms"] >= 0 for s in d["stages"]]' '[true]' "what it used is recorded"
done_testing
