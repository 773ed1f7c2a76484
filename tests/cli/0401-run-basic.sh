# mlops run: what makes a stage run, and what does not.
. "$(dirname "$0")/../lib/tap.sh"

new_project
echo one >in.txt
echo 'k: 1' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  second:
    cmd: cat first/a.txt > second.txt; echo second
    deps: [first/a.txt]
    outs: [second.txt]
  first:
    cmd:
      - mkdir -p first
      - cat in.txt > first/a.txt
    deps: [in.txt]
    params: [k]
    outs: [first/]
YAML

run mlops run --dry-run --json
rc_is 0 "a dry run"
schema_ok run.json
json_is '[(s["name"], s["outcome"]) for s in d["stages"]]' '[["first","would-run"],["second","would-run"]]' \
	"it tells what would run, in the order of need"
fails "it runs nothing" test -e first
fails "it records nothing" test -e mlops.lock

run mlops run --json
rc_is 0 "the first run"
schema_ok run.json
json_is '[(s["name"], s["outcome"]) for s in d["stages"]]' '[["first","ran"],["second","ran"]]' "both run"
like "$err" '^second$' "with --json, what stages print goes to standard error"
is "$(cat second.txt)" one "the outputs are there"
ok "outputs are ignored by git" git check-ignore first second.txt
ok "the lock names the stages" grep -q '^  first:' mlops.lock

cp mlops.lock before
run mlops run
rc_is 0 "the second run"
is "$(cat "$out")" "" "it prints nothing"
like "$err" '^everything is up to date$' "it says that there is nothing to do"
ok "the lock stays" cmp -s mlops.lock before
run mlops run --json
json_is 'd["run_id"]' null "there is no experiment run"
json_is '{s["outcome"] for s in d["stages"]} == {"unchanged"}' true "every stage is unchanged"

echo two >in.txt
run mlops run
like "$err" "^stage 'first': runs: dependency 'in.txt' changed" "a changed dependency is a reason"
like "$err" "^stage 'second': runs: dependency 'first/a.txt' changed" "and what follows from it too"
like "$out" '^run [0-9a-f]{32}: 2 ran' "the run is named"
echo 'k: 2' >params.yaml
run mlops run --dry-run
like "$err" "first': would run: params.yaml: k changed 1 -> 2" "a parameter is named with both values"
echo three >in.txt
run mlops run first
rc_is 0 "one stage by name"
unlike "$err" "second" "leaves the others alone"
run mlops run
like "$err" "^stage 'second': runs" "which run later"

printf '# a comment\nk: 2 # same\nother: 1\n' >params.yaml
run mlops run
like "$err" 'up to date' "comments and parameters of nobody do not count"
sed 's/cat in.txt/cat <in.txt/' mlops.yaml >new && mv new mlops.yaml
run mlops run
like "$err" "first': runs: its command changed" "a changed command is a reason"
unlike "$err" "second': runs" "the same output is none"

run mlops run --force second
like "$err" "^stage 'first': runs: forced" "--force runs what did not change too"

run mlops run frist
rc_is 2 "an unknown stage is wrong usage"
like "$err" "^hint: did you mean 'first'\?" "with a near miss"

rm -rf first second.txt
run mlops run
rc_is 0 "outputs that are gone"
like "$err" "^stage 'first': restored: output 'first' is missing" "come back from the store"
like "$err" '2 restored' "without running"
ok "with their content" test -s first/a.txt -a -s second.txt
echo changed >second.txt
run mlops run
like "$err" "^stage 'second': restored: output 'second.txt' changed" "so do outputs that were changed"

new_project
run mlops run
rc_is 1 "no mlops.yaml"
like "$err" 'there is no pipeline' "is said"
echo 'stages: {}' >mlops.yaml
run mlops run
rc_is 0 "a pipeline without stages is up to date"

done_testing
