#!/bin/sh
# Twenty sets with five drifts and fifteen clean columns each: all but the smallest drift are found,
# and of 300 clean columns one at most is taken for drift.
. "$(dirname "$0")/../lib/tap.sh"

: >found
for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	python3 -I -S "$tap_src/tests/lib/drift_set.py" $seed 3000 ref.csv cur.csv || exit 1
	run mlops monitor drift ref.csv cur.csv --json
	[ "$rc" = 3 ] || tap_point 1 "seed $seed ends with status 3"
	json_get '" ".join(c["name"] for c in d["columns"] if c["drifted"])' | tr ' ' '\n' >>found
done
for column in n5 n9 c1 c4; do
	is "$(grep -cx $column found)" 20 "the drift of $column is found in every set"
done
false_alarms=$(grep -cvxE 'n2|n5|n9|c1|c4' found)
ok "of 300 clean columns $false_alarms are taken for drift" test "$false_alarms" -le 1
diag "the smallest drift (0.05 standard deviations) is found in $(grep -cx n2 found) of 20 sets"
done_testing
