#!/bin/sh
# Comparing two tables: verdicts, exit status, what is said of each column, wrong usage.
. "$(dirname "$0")/../lib/tap.sh"

# table FILE SHIFT CATEGORY: 200 rows of i, i + SHIFT, and CATEGORY in every fifth row, else b.
table() {
	awk -v s="$2" -v c="$3" 'BEGIN { print "id,x,kind,note"
		for (i = 1; i <= 200; i++) printf "%d,%.2f,%s,%s\n", i, (i * 37) % 101 / 10 + s, i % 5 ? "b" : c, i % 3 ? "" : "NA" }' >"$1"
}
table ref.csv 0 a
table same.csv 0 a
table moved.csv 2 a
table other.csv 0 z

run mlops monitor drift ref.csv same.csv
rc_is 0 "equal tables have not drifted"
like "$out" '^no drift: 0 of 4 columns drifted \(200 rows against 200\)$' "and that is said"
run mlops monitor drift ref.csv same.csv --json
schema_ok monitor-drift.json
json_is 'd["drifted"]' false "no verdict of drift"
json_is '[c["type"] for c in d["columns"]]' '["number","number","category","number"]' "types of columns"
json_is '[c["test"] for c in d["columns"]]' '["ks","ks","z",null]' "tests by type and size"
json_is 'd["columns"][3]["missing"]["current"]' 200 "words that mean missing are missing"

run mlops monitor drift ref.csv moved.csv
rc_is 3 "a moved column is drift"
like "$out" '^x +number +ks .* drift' "which is named"
run mlops monitor drift ref.csv moved.csv --json
rc_is 3
schema_ok monitor-drift.json
json_is '[c["name"] for c in d["columns"] if c["drifted"]]' '["x"]' "only that column"
json_is 'd["columns"][1]["reasons"]' '["test"]' "by the test"
json_is 'd["columns"][1]["effect"] > 0.1' true "with the size of the difference"

run mlops monitor drift ref.csv other.csv --json
rc_is 3 "a category that the reference never had is drift"
json_is '[c["reasons"] for c in d["columns"] if c["drifted"]]' '[["test","new_values"]]' "for both reasons"
json_is 'd["columns"][2]["new_value"]' z "it is named"
json_is 'd["columns"][2]["new_share"]' 0.2 "and how often it is"

run mlops monitor drift ref.csv moved.csv -c kind -c id
rc_is 0 "only the columns that were asked for"
run mlops monitor drift ref.csv moved.csv --share 0.5
rc_is 0 "one of four columns is less than half"
run mlops monitor drift ref.csv moved.csv --effect 1
rc_is 0 "a significant difference may be too small to matter"

for test in wasserstein ks anderson cramer_von_mises jensenshannon psi hellinger kl_div; do
	run mlops monitor drift ref.csv moved.csv --test $test --json -c x
	json_is 'd["columns"][0]["test"] + str(d["columns"][0]["drifted"])' "${test}True" "$test finds it"
	run mlops monitor drift ref.csv same.csv --test $test --json -c x
	json_is 'd["columns"][0]["test"] + str(d["columns"][0]["drifted"])' "${test}False" "$test finds nothing in the same"
done
for test in jensenshannon psi hellinger kl_div tvd chisquare chi2_contingency z; do
	run mlops monitor drift ref.csv other.csv --test $test --json -c kind
	json_is 'd["columns"][0]["test"] + str("test" in d["columns"][0]["reasons"])' "${test}True" "$test finds it"
	run mlops monitor drift ref.csv same.csv --test $test --json -c kind
	json_is 'd["columns"][0]["test"] + str(d["columns"][0]["drifted"])' "${test}False" "$test finds nothing in the same"
done
run mlops monitor drift ref.csv moved.csv --test ks --threshold 1e-200 -c x
rc_is 0 "a threshold of one's own"

cut -d, -f1,3 ref.csv >less.csv
run mlops monitor drift ref.csv less.csv --json
rc_is 3 "a column that is gone is drift"
json_is '[c["name"] for c in d["columns"] if c["reasons"] == ["absent"]]' '["x"]' "by its absence"
sed 's/^10,/ten,/' ref.csv >words.csv
run mlops monitor drift ref.csv words.csv -c id
rc_is 0 "one text among 200 numbers is below 1%"
run mlops monitor drift ref.csv words.csv -c id --new-share 0.001
rc_is 3 "and above 0.1%"
like "$out" 'not numbers' "which is said"
run mlops monitor drift words.csv ref.csv --json -c id
json_is 'd["columns"][0]["type"]' category "a text makes a column of the reference one of categories"

awk -F, 'NR > 1 { printf "{\"x\":%s,\"kind\":\"%s\"}\n", $2, $3 }' moved.csv >moved.jsonl
run mlops monitor drift ref.csv moved.jsonl -c x -c kind --json
rc_is 3 "CSV against JSON lines"
json_is '[c["drifted"] for c in d["columns"]]' '[true,false]' "gives the same verdict"
tr , ';' <ref.csv >ref.txt
run mlops monitor drift ref.txt ref.txt --format csv --separator ';'
rc_is 0 "another separator"

run mlops monitor drift ref.csv absent.csv
rc_is 1 "no such file"
like "$err" "cannot open 'absent.csv'" "which is named"
run mlops monitor drift ref.csv same.csv -c nothing
rc_is 1 "no such column"
like "$err" "'ref.csv' has no column 'nothing'" "which is named"
run mlops monitor drift ref.csv ref.txt
rc_is 1 "a name that tells no format"
like "$err" 'hint: name it with --format' "with advice"
run mlops monitor drift ref.csv same.csv --test kss
rc_is 2 "no such test"
run mlops monitor drift ref.csv same.csv --threshold 0.2
rc_is 2 "a threshold of no test"
run mlops monitor drift ref.csv same.csv --alpha 2
rc_is 2 "a significance above 1"
run mlops monitor drift - same.csv --format csv <ref.csv
rc_is 1 "standard input"
like "$err" 'cannot compare standard input' "can't be read twice"
echo a >empty.csv
run mlops monitor drift ref.csv empty.csv
rc_is 1 "a table without rows"
like "$err" "'empty.csv' has no rows" "is named"
done_testing
