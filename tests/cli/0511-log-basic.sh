# Logging metrics, parameters and tags, inside a run and out of it.
. "$(dirname "$0")/../lib/tap.sh"

new_project
printf 'stages:\n  one: {cmd: echo x >x, outs: [x]}\n' >mlops.yaml
git add -A
git commit -qm start
mlops run --name base >/dev/null 2>&1
points() { sqlite3 .mlops/mlops.db "SELECT count(*) FROM metric_points WHERE key = '$1'"; }

run mlops log metric loss=1
rc_is 2 "without a run it is wrong usage"
like "$err" 'hint: .*--run' "the hint says how to name one"

for step in 1 2 3; do
	mlops log metric loss=0.$step acc=$step --step $step --run base
done
is "$(points loss)" 3 "all points are kept"
run mlops runs show base --json
json_is '[d["metrics"]["loss"][k] for k in ("value", "step")]' '[0.3,3]' "the latest is that of the last step"
ok "nan and infinities are numbers" mlops log metric bad=nan big=inf small=-inf --run base
run mlops runs show base --json
json_is '[d["metrics"][k]["value"] for k in ("bad", "big", "small")]' '["NaN","Infinity","-Infinity"]' \
	"and come back"
schema_ok runs-show.json
is "$(sqlite3 .mlops/mlops.db "SELECT is_nan FROM metric_points WHERE key = 'bad'")" 1 "NaN is NULL in the table"

id=$(json_get 'd["id"]')
export MLOPS_RUN_ID="$id"
ok "MLOPS_RUN_ID names the run" mlops log param lr=0.1 "text=a=b c"
ok "the same parameter again is fine" mlops log param lr=0.1
run mlops log param lr=0.2
rc_is 1 "another value fails"
like "$err" "'lr' .* is '0.1' already" "the message has both values"
ok "a tag" mlops log tag stage=draft
ok "can change" mlops log tag stage=final
run mlops runs show last --json
json_is 'd["params"]["lr"], d["params"]["text"], d["tags"]["stage"]' '["0.1","a=b c","final"]' "all came back"
is "$(points stage)" 0 "tags are no metrics"

run mlops log metric loss=fast
rc_is 2 "a metric that is no number is wrong usage"
like "$err" "'loss' takes a number, not 'fast'" "the message names it"
run mlops log metric good=1 loss=fast
is "$(points good)" 0 "nothing of a call with an error is kept"
run mlops log metric loss=
rc_is 2 "nor is nothing a number"
run mlops log metric loss
rc_is 2 "KEY=VALUE it must be"
run mlops log param =x
rc_is 2 "with a key"
run mlops log metric
rc_is 2 "at least one"
run mlops log metric loss=1 --step one
rc_is 2 "a step is a whole number"
run mlops log metric "$(printf 'a\nb')=1"
rc_is 1 "a key has no control characters"
run mlops log tag "$(printf 'k%.0s' $(seq 300))=1"
rc_is 1 "and at most 250 bytes"
run mlops log metric loss=1 --run nosuch
rc_is 1 "an unknown run fails"
like "$err" "there is no run 'nosuch'" "the message names it"
MLOPS_RUN_ID=gone run mlops log metric loss=1
rc_is 1 "also from MLOPS_RUN_ID"
run mlops log
rc_is 2 "log alone is wrong usage"
cd /
run mlops log metric loss=1
rc_is 1 "outside of a project there is nothing to log to"

done_testing
