# mlops run: which stages, and why.
. "$(dirname "$0")/../lib/tap.sh"

new_project
echo 'k: 1' >params.yaml
echo 1 >in
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: cat in > a, deps: [in], outs: [a]}
  b: {cmd: cat a > b, deps: [a], params: [k], outs: [b]}
  c: {cmd: cat b > c, deps: [b], outs: [c]}
  other: {cmd: echo x > other, outs: [other]}
YAML
names() { mlops run --dry-run --json "$@" | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["stages"]])'; }
is "$(names b)" "a b" "a stage and what it needs"
is "$(names --downstream b)" "b c" "a stage and what needs it"
is "$(names --from b)" "b c" "from one on"
is "$(names --from a --to b)" "a b" "from one to another"
is "$(names --to b)" "a b" "up to one"
mlops run >/dev/null 2>&1
echo 2 >in
run mlops run --single b
like "$err" "everything is up to date" "a stage alone does not look at what it needs"
run mlops run --single
rc_is 2 "--single without a stage"
run mlops run -s --downstream b
rc_is 2 "--single and --downstream"

sed -i 's/cat a > b/cat  a > b/; s/k: 1/k: 2/' mlops.yaml
echo 'k: 2' >params.yaml
run mlops run --explain a b
rc_is 0 "an explanation"
like "$err" "stage 'a': would run: dependency 'in' changed [0-9a-f]{12} \(2 B\) -> [0-9a-f]{12} \(2 B\)" "names old and new content"
is "$(cat a)" 1 "and runs nothing"
mlops run a >/dev/null 2>&1
run mlops run --explain b
like "$err" "stage 'b': would run: its command changed" "it leaves nothing out: the command"
like "$err" "^  from: cat a > b" "as it was"
like "$err" "^  to:   cat  a > b" "as it is"
like "$err" "^dependency 'a' changed" "a dependency"
like "$err" "^params.yaml: k changed 1 -> 2" "a parameter"

done_testing
