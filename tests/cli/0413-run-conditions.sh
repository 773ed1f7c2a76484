# mlops.yaml: if, secrets, argv, persist, patterns and stages as dependencies.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >params.yaml <<'YAML'
train: {on: true, rows: 10, name: big one}
YAML
cat >mlops.yaml <<'YAML'
stages:
  measure: {cmd: 'echo "{\"acc\": 0.93}" > m.json', metrics: [m.json]}
  good: {cmd: touch good, if: metrics.acc > 0.9 and not params.train.rows >= 11, deps: [m.json]}
  bad: {cmd: touch bad, if: "metrics.m.json:acc < 0.9 or (env.NOT_SET == 'x')", deps: [m.json], outs: [bad]}
  behind: {cmd: touch behind, deps: [bad]}
  filled: {cmd: touch filled, if: "${train.on}"}
  named: {cmd: touch named, if: "params.train.name == 'big one' and env.WHO == me"}
YAML
WHO=me run mlops run
rc_is 0 "conditions"
ok "a metric of an earlier stage, and a parameter" test -e good
ok "one that does not hold" test ! -e bad
like "$err" "stage 'bad': skipped: its condition does not hold: metrics.m.json:acc < 0.9 or" "is told"
like "$err" "stage 'behind': skipped: stage 'bad', which it needs, was skipped" "as is what needs it"
ok "a parameter that is filled in" test -e filled
ok "text and a variable" test -e named
for bad in 'acc >' '(a' "'x" 'a b' '== 1' '1 = 2'; do
	printf 'stages: {s: {cmd: x, if: "%s"}}\n' "$bad" >mlops.yaml
	run mlops run
	rc_is 1 "if: $bad"
	like "$err" "mlops.yaml:1:[0-9]+: .* in the condition" "is shown where it is"
done

new_project
cat >mlops.yaml <<'YAML'
stages:
  knows: {cmd: 'echo "key $TOKEN end"; printf %s "$TOKEN" >&2; echo ${#TOKEN} > n', secrets: [TOKEN], outs: [n]}
  does_not: {cmd: 'echo "[$TOKEN]" > seen', outs: [seen]}
YAML
sed -i 's/\${#/\\${#/' mlops.yaml
run mlops run
rc_is 1 "a secret that is not set"
like "$err" "stage 'knows' needs the secret 'TOKEN', which is not set" "is named"
TOKEN=s3cr3t-value run mlops run
rc_is 0 "a secret"
is "$(cat n)" 12 "reaches the stage that names it"
is "$(cat seen)" "[]" "and no other"
like "$out" "key \*\*\* end" "what is printed has no trace of it"
unlike "$out$(cat "$err")" "s3cr3t" "on both streams"
is "$(grep -rl s3cr3t . | wc -l | tr -d ' ')" 0 "nor has any file, log or database"
TOKEN=another-value run mlops run
like "$err" "everything is up to date" "another value is no change"

new_project
mkdir -p data/deep
echo 1 >data/a.csv
echo 2 >data/deep/b.csv
echo 3 >data/c.txt
cat >mlops.yaml <<'YAML'
stages:
  make: {cmd: 'echo 4 > data/made.csv; echo 5 > other', outs: [data/made.csv, other]}
  all: {cmd: 'cat data/*.csv data/*/*.csv > all', deps: ['data/**/*.csv'], outs: [all]}
  one: {cmd: 'cat other > one', deps: [{stage: make}], outs: [one]}
  direct: {cmd: [[cp, data/a.csv, 'a b'], [touch, "$HOME"]], deps: [data/a.csv], outs: [a b, '$HOME']}
  keeps: {cmd: 'echo x >> kept', always: true, outs: [kept: {persist: true}]}
YAML
run mlops run
rc_is 0 "patterns"
is "$(tr '\n' ' ' <all)" "1 4 2 " "match files at any depth, and wait for the stage that makes one"
is "$(cat one)" 5 "a stage as a dependency is all its outputs"
ok "a command without a shell" test -e 'a b' -a -e '$HOME'
like mlops.lock "cp data/a.csv 'a b'" "is recorded with its quotes"
echo 6 >data/deep/new.csv
run mlops run
like "$err" "stage 'all': runs: dependency 'data/deep/new.csv' is new" "a new match runs the stage"
is "$(wc -l <kept | tr -d ' ')" 2 "an output that persists is not removed"
rm data/c.txt
run mlops run
unlike "$err" "stage 'all'" "what does not match does not matter"
printf 'stages: {s: {cmd: x, deps: ["none/*.csv"]}}\n' >mlops.yaml
run mlops run
like "$err" "mlops.yaml:1:29: dependency 'none/\*.csv' does not exist" "a pattern without a match"
printf 'stages: {s: {cmd: x, deps: [{stage: t}]}}\n' >mlops.yaml
run mlops run
like "$err" "there is no stage 't' to depend on" "a stage that is none"
done_testing
