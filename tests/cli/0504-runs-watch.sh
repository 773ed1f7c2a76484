#!/bin/sh
# mlops runs watch: a run as lines, as objects, and as a view.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >train.sh <<'SH'
mlops log metric loss=0.5 --step 1
mlops log metric loss=nan --step 2
touch began
until [ -e go ]; do sleep 0.02; done
mlops log metric loss=0.25 acc=0.75 --step 3
SH
mlops exec -q --name a -- sh train.sh &
wait_for 20 test -e began
mlops runs watch a --interval 20ms >watched 2>&1 &
watching=$!
wait_for 20 grep -q 'step 2 loss=NaN$' watched
is "$(grep -c FINISHED watched)" 0 "what is there is printed while the run runs"
like watched '^[0-9-]+T[0-9:.]+Z step 1 loss=0.5$' "as a line a step"
touch go
wait $watching
is $? 0 "it ends with the run"
is "$(grep -o 'loss=[^ ]*' watched | tr '\n' ' ')" "loss=0.5 loss=NaN loss=0.25 " "each point was printed once"
like watched 'acc=0.75' "also of a metric that came later"
like watched '^a  FINISHED  ' "and how it ended"
wait

run mlops runs watch a --json
rc_is 0 "one that is over"
cp "$out" lines
is "$(sed -n 's/.*"event":"\([a-z]*\)".*/\1/p' lines | tr '\n' ' ')" "start metric metric metric metric end " "is told from its start to its end"
for n in 1 2 6; do
	sed -n ${n}p lines >"$out"
	schema_ok runs-watch.json "line $n is valid"
done
json_is 'd["status"]' FINISHED "the last says how it ended"

mlops exec -q --name bad -- sh -c 'mlops log metric loss=1; exit 7'
run mlops runs watch bad
rc_is 3 "a run that failed is an exit status of 3"
mlops exec -q --name long -- sh -c 'for i in $(seq 100); do echo "m$i=$i"; done | xargs mlops log metric'
run script -qec 'stty rows 20 cols 80; LC_ALL=C.UTF-8 mlops runs watch long' /dev/null
rc_is 0 "on a terminal"
like "$out" 'long  FINISHED' "the view has the run"
like "$out" 'METRIC.*CURVE' "a table"
like "$out" 'and 84 more' "of as many metrics as there is room for"
is "$(grep -c '^m[0-9]' "$out")" 16 "which are sixteen"
run mlops runs watch nothing
rc_is 1 "a run that there is not"
run mlops runs watch a --interval 1ms
rc_is 2 "an interval that is too short"
done_testing
