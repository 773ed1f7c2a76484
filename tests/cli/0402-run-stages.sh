# What a stage may be: env, wdir, lists of commands, always, frozen, uncached outs.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir sub
echo data >sub/in.txt
cat >mlops.yaml <<'YAML'
stages:
  env:
    cmd: echo "$WORD $MLOPS_STAGE $MLOPS_PROJECT" > env.txt
    env: {WORD: two words}
    outs: [env.txt]
  sub:
    wdir: sub
    cmd: cp in.txt out.txt && cp out.txt ../up.txt
    deps: [in.txt]
    outs: [out.txt, ../up.txt]
  always:
    cmd: date +%N > /dev/null; echo x >> count
    always: true
  stdin:
    cmd: cat > stdin.txt
    outs: [{stdin.txt: {cache: false}}]
YAML
run mlops run
rc_is 0 "a run"
is "$(cat env.txt)" "two words env $PWD" "variables of the stage and of the run are set"
ok "wdir: the stage ran there" cmp sub/in.txt sub/out.txt
ok "paths are relative to it" cmp sub/in.txt up.txt
is "$(wc -c <stdin.txt | tr -d ' ')" 0 "standard input is empty"
fails "an uncached output is not ignored by git" git check-ignore -q stdin.txt
run mlops run --json
json_is '[s["name"] for s in d["stages"] if s["outcome"] == "ran"]' '["always"]' "always: it runs each time"
is "$(wc -l <count | tr -d ' ')" 2 "it did"

sed 's/two words/three/' mlops.yaml >new && mv new mlops.yaml
run mlops run
like "$err" "stage 'env': runs: its command changed" "a variable is part of the command"
rm stdin.txt
run mlops run
like "$err" "stage 'stdin': restored: output 'stdin.txt' is missing" "a small uncached output comes back"
head -c 2000000 /dev/zero >big
sed 's/cat > stdin.txt/cp big stdin.txt/' mlops.yaml >new && mv new mlops.yaml
run mlops run
rm stdin.txt
run mlops run
like "$err" "stage 'stdin': runs: output 'stdin.txt' is missing" "a large one is made again"

new_project
echo 1 >in
cat >mlops.yaml <<'YAML'
stages:
  made: {cmd: cp in out, deps: [in], outs: [out], frozen: false}
  next: {cmd: cp out next, deps: [out], outs: [next]}
YAML
ok "before it is frozen" mlops run
sed 's/frozen: false/frozen: true/' mlops.yaml >new && mv new mlops.yaml
echo 2 >in
run mlops run
unlike "$err" "runs" "frozen: a changed dependency does not matter"
rm out
run mlops run
like "$err" "stage 'made': restored" "an output that is gone comes back"
echo edited >out
run mlops run
is "$(cat out next)" "edited
edited" "one that was edited stays, and is used"

new_project
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: echo m > m, outs: [m]}
YAML
ok "an output" mlops run
sed 's/\[m\]/[{m: {type: model}}]/' mlops.yaml >new && mv new mlops.yaml
run mlops run
rc_is 0 "it is declared a model"
unlike "$err" "runs" "which runs nothing"
ok "and is pinned" grep -q 'type: model' mlops.lock
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: echo m > m; echo n > n, outs: [m, n]}
YAML
run mlops run
like "$err" "its command changed" "one more output"
sed 's/outs: \[m, n\]/outs: [m]/' mlops.yaml >new && mv new mlops.yaml
run mlops run
like "$err" "up to date" "one less needs no run"
fails "and is forgotten" grep -q 'path: n' mlops.lock

done_testing
