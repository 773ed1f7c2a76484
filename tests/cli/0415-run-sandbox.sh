# mlops run --check-deps, and stages with a sandbox.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p data lib
echo 1 >data/in
echo 2 >hidden
echo 3 >lib/code
echo 'k: 1' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  reads: {cmd: 'cat data/in hidden lib/code params.yaml > out; echo tmp > tmp; cat tmp > /dev/null; (cd lib && cat code) > /dev/null', deps: [data], params: [k], outs: [out]}
  clean: {cmd: 'cat out > out2', deps: [out], outs: [out2]}
YAML
run mlops run --check-deps
if grep -q 'cannot trace' "$err"; then
	diag "ptrace is forbidden here"
else
	rc_is 3 "files that are not declared"
	like "$err" "stage 'reads' reads 'hidden', which it does not declare" "are told"
	like "$err" "stage 'reads' reads 'lib/code', which it does not declare" "in folders too"
	is "$(grep -c 'does not declare' "$err")" 2 "each once, and nothing else"
	like "$err" "2 files are read and not declared" "with their number"
	run mlops run --check-deps --json -f
	schema_ok run.json
	json_is '[u["path"] for u in d["undeclared"]]' '["hidden","lib/code"]' "as JSON"
	sed -i 's/deps: \[data\]/deps: [data, hidden, lib]/' mlops.yaml
	run mlops run --check-deps
	rc_is 0 "all is declared"
	is "$(cat out2 | tr '\n' ' ')" "1 2 3 k: 1 " "the stages did their work"
	printf 'stages: {s: {cmd: "kill -9 $$"}}\n' >mlops.yaml
	run mlops run --check-deps
	like "$err" "ended by signal 9" "a traced command that is killed"
fi

cat >mlops.yaml <<'YAML'
stages:
  boxed:
    cmd: ['ls -A > seen; mkdir -p made && cat data/in params.yaml > made/out', 'cat made/out > again; test ! -w data/in || echo x >> data/in']
    deps: [data]
    params: [k]
    outs: [seen, made, again]
    sandbox: true
YAML
run mlops run
if grep -q 'cannot make a sandbox' "$err"; then
	diag "namespaces are off here"
	done_testing
fi
rc_is 0 "a stage in a sandbox"
is "$(cat made/out again | tr '\n' ' ')" "1 k: 1 1 k: 1 " "reads what it declares, and its outputs come home"
is "$(tr '\n' ' ' <seen)" ".mlops data params.yaml seen " "it sees nothing else"
is "$(cat data/in)" 1 "and changes none of it"
ok "nothing is left of it" test ! -e .mlops/run/sandbox/boxed
run mlops run
like "$err" "everything is up to date" "all is pinned"
cat >mlops.yaml <<'YAML'
stages:
  boxed: {cmd: cat hidden > out, outs: [out], sandbox: true}
YAML
run mlops run
rc_is 1 "what it does not declare"
like "$err" "hidden: No such file" "is not there"
sed -i 's/sandbox: true/sandbox: {show: [hidden]}/' mlops.yaml
run mlops run
rc_is 0 "unless it is shown"
cat >mlops.yaml <<'YAML'
stages:
  adds: {cmd: 'echo x >> kept; mlops log metric m=1; cd deep && pwd > ../where', wdir: ., deps: [deep], outs: [kept: {persist: true}, where], sandbox: true, always: true}
YAML
mkdir deep && touch deep/f
mlops run >/dev/null 2>&1
run mlops run
rc_is 0 "once more"
is "$(wc -l <kept | tr -d ' ')" 2 "an output that persists is there"
is "$(cat where)" "$PWD/deep" "paths are as outside"
run mlops runs show last --json
json_is 'd["metrics"]["m"]["value"]' 1 "metrics can be logged"

done_testing
