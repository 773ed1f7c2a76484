# mlops run -P: another parameter for one run.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >params.yaml <<'YAML'
# kept
train:
  lr: 0.05   # step
  name: "a b"
  layers: [8, 4]
YAML
cp params.yaml original
echo '{"b": {"x": 1}}' >other.json
cp other.json other.original
cat >mlops.yaml <<'YAML'
stages:
  t:
    cmd: cat params.yaml other.json > out
    params: [train, {other.json: [b.x]}]
    outs: [out]
YAML
ok "a run with the file's own parameters" mlops run
run mlops run -P train.lr=0.1 -P 'train.name=c "d"' --param other.json:b.x=7
rc_is 0 "a run with others"
like "$err" 'train.lr changed 0.05 -> 0.1' "the change is the reason"
like out 'lr: 0.1   # step' "the stage read the new value, comments kept"
like out 'name: "c \\"d\\""' "text is quoted where it must be"
like out '"b": \{"x": 7\}' "so did another file"
ok "params.yaml is as it was" cmp params.yaml original
ok "and the other file" cmp other.json other.original
like mlops.lock 'value: .?0.1' "the lock has what was used"
run mlops runs show last --json
json_is '(d["params"]["train.lr"], d["params"]["other.json:b.x"])' '["0.1","7"]' "so has the run"
run mlops run
like "$err" 'train.lr changed 0.1 -> 0.05' "afterwards the file's own values are in force again"

run mlops run -P train.lr=3 -n
like "$err" 'changed 0.05 -> 3' "a dry run shows the effect"
ok "and edits nothing" cmp params.yaml original

cat >mlops.yaml <<'YAML'
stages:
  t: {cmd: "cp params.yaml seen; exit 3", params: [train]}
YAML
run mlops run -P train.lr=9
rc_is 1 "a stage that fails"
like seen 'lr: 9' "had the new value"
ok "and the file is put back" cmp params.yaml original

fails_with() {
	status=$1 pattern=$2
	shift 2
	run mlops run "$@"
	rc_is "$status" "$*"
	like "$err" "$pattern" "$* is explained"
	ok "$*: nothing was edited" cmp params.yaml original
}
fails_with 1 "no parameter 'train.lrr' in 'params.yaml'" -P train.lrr=1
like "$err" "^hint: did you mean 'train.lr'" "a near miss is named"
fails_with 1 "params.yaml:5:11: 'train.layers' is a list and not one value" -P train.layers=1
fails_with 1 "no stage takes parameter 'lr'" -P lr=1
fails_with 1 "no stage takes parameters from 'x.yaml'" -P x.yaml:a=1
fails_with 2 "not of the form KEY=VALUE" -P train.lr
printf 'train: {lr: &x 1, other: *x}\n' >params.yaml
cp params.yaml original
fails_with 1 "cannot be changed in place" -P train.lr=1
printf 'train: &t {lr: 1}\nsame: *t\n' >params.yaml
cp params.yaml original
fails_with 1 "cannot be changed without changing more" -P train.lr=2
ln -sf original params.yaml
fails_with 1 "not a regular file" -P train.lr=2

done_testing
