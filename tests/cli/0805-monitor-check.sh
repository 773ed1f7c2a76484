#!/bin/sh
# Monitors of mlops.yaml: states from check to check, the exit code, and what is refused.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
monitors:
  gaps: {current: now.csv, watch: missing, column: x, above: 0.5, clear: 0.2, for: 10s, owner: ann}
  moved: {reference: ref.csv, current: now.csv, above: 0, severity: critical}
YAML
printf 'x,y\n1,a\n2,b\n3,a\n4,b\n' >ref.csv
cp ref.csv now.csv
check_at() {
	export MLOPS_NOW="$1"
	run mlops monitor check gaps --json
}

run mlops monitor alerts --json
json_is 'd["alerts"]' '[]' "before the first check there are none"
check_at 1000000
rc_is 0 "nothing fires"
schema_ok monitor-check.json
json_is 'd["alerts"][0]["state"]' ok "all is well"
printf 'x,y\n,a\n,b\n,a\n4,b\n' >now.csv
check_at 1001000
rc_is 0 "too high is not firing yet"
json_is 'd["alerts"][0]["state"]' pending "but pending"
json_is 'd["alerts"][0]["value"]' 0.75 "the value is measured"
check_at 1011000
rc_is 3 "for long enough it is a no"
json_is 'd["alerts"][0]["state"]' firing "and fires"
printf 'x,y\n,a\n2,b\n3,a\n4,b\n' >now.csv
check_at 1012000
rc_is 3 "a value above clear does not end it"
cp ref.csv now.csv
check_at 1013000
rc_is 0 "one that is back does"
json_is 'd["alerts"][0]["state"]' resolved "and resolves it"
check_at 1014000
json_is 'd["alerts"][0]["state"]' ok "once"

printf 'x,y\n1,new\n2,new\n3,new\n4,new\n' >now.csv
run mlops monitor check
rc_is 3 "drift fires"
like "$out" '^moved +firing +drift +0\.5 +0 +critical' "and is shown"
like "$out" '^gaps +ok +missing of x ' "beside what does not"

run mlops monitor alerts --json
rc_is 0 "showing is no judging"
schema_ok monitor-alerts.json
json_is '[(a["name"], a["state"], a["value"]) for a in d["alerts"]]' '[["gaps","ok",0],["moved","firing",0.5]]' "what was found is kept"
run mlops monitor silence moved --for 10s
rc_is 0 "an alert is silenced"
run mlops monitor check
rc_is 0 "and is no longer a no"
like "$out" '^moved +firing, silenced ' "but is shown"
export MLOPS_NOW=1024000
run mlops monitor check --json
rc_is 3 "until the time is over"
json_is 'd["alerts"][1]["silenced_until"]' null "and told so"
mlops monitor silence moved --for 1h
mlops monitor silence moved --for 0
run mlops monitor check
rc_is 3 "a silence can be ended"
run mlops monitor silence none
like "$err" "no monitor named 'none'" "what is not there can't be silenced"

run mlops monitor check none
like "$err" "no monitor named 'none'" "an unknown name is refused"
for bad in 'current: ../x, watch: mean, column: x, above: 1' 'current: a, above: 1' \
	'current: a, watch: mean, column: x' 'current: a, watch: mean, column: x, above: 1, clear: 2' \
	'current: a, watch: mean, column: x, above: 1, for: soon' 'current: a, watch: sum, column: x, above: 1'; do
	echo "monitors: {m: {$bad}}" >mlops.yaml
	run mlops monitor check
	like "$err" 'mlops.yaml:1:' "refused: $bad"
done
done_testing
