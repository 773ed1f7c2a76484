# mlops model predict: models put together by hand, whose predictions follow from their trees.
. "$(dirname "$0")/../lib/tap.sh"
export PYTHONPATH="$tap_src/tests/lib"
python3 -S "$tap_src/tests/lib/scoring.py" m || exit 1

# predicts FILE ROWS: what it should, to 1e-6.
predicts() {
	run mlops model predict --json "m/$1" "m/$2"
	rc_is 0 "$1 predicts"
	schema_ok model-predict.json
	ok "$1 predicts what its trees say" python3 -S - "$1" "$out" <<'PY'
import json, sys, scoring
got, want = json.load(open(sys.argv[2]))["predictions"], scoring.WANT[sys.argv[1]]
sys.exit(len(got) != len(want) or any(abs(g - w) > 1e-6 for x, y in zip(got, want) for g, w in zip(x, y, strict=True)))
PY
}
for file in logistic.json logistic.ubj softprob.json lightgbm.txt leaves.txt; do
	predicts $file rows.csv
done
predicts linear.json whole.csv
cut -d, -f2,3 m/rows.csv | sed 's/^\(.*\),\(.*\)$/\2,\1/' >m/two.csv
cut -d, -f2,3 m/whole.csv | sed 's/^\(.*\),\(.*\)$/\2,\1/' >m/whole2.csv
predicts trees.onnx two.csv
predicts linear.onnx whole2.csv

run mlops model predict --format csv m/softprob.json - <m/rows.csv
is "$(sed -n 1p "$out")" "prediction_0,prediction_1,prediction_2" "a column a class"
is "$(wc -l <"$out")" 8 "and a line a row"
run mlops model predict m/lightgbm.txt m/rows.csv
is "$(sed -n '1p;3p' "$out" | tr '\n' ' ')" "prediction 0.8807970779778823 " "one value is one column"
printf '{"b": 1, "a": 0.5}\n{"a": 0.4}\n' >rows.jsonl
run mlops model predict m/lightgbm.txt rows.jsonl
is "$(wc -l <"$out")" 3 "JSON lines are a table too"
: >none.jsonl
run mlops model predict --json m/lightgbm.txt none.jsonl
json_is 'd["predictions"]' '[]' "no rows, no predictions"

echo 'a,c
1,2' >other.csv
run mlops model predict m/logistic.json other.csv
rc_is 1 "a table without a column of the model"
like "$err" "has no column 'b'" "is refused by its name"
is "$(cat "$out")" "" "before anything is printed"
echo 'a,b
1,2
x,3' >text.csv
run mlops model predict m/logistic.json text.csv
like "$err" "row 2: column 'a' is 'x', not a number" "and so is text"
run mlops model predict m/trees.onnx m/rows.csv
like "$err" "has 3 columns, and the model takes 2" "a model without names takes just its columns"

new_project
cp -r ../m .
mkdir one && cp m/logistic.json one/ && echo readme >one/README.md
mlops model register boost --path m/lightgbm.txt >/dev/null
mlops model register folder --path one >/dev/null
run mlops model predict boost m/rows.csv
is "$(sed -n 3p "$out")" 0.8807970779778823 "a registered file"
run mlops model predict folder:1 m/rows.csv
is "$(wc -l <"$out")" 8 "and the one model in a registered folder"
is "$(find .mlops/run/score -type f 2>/dev/null)" "" "nothing is left of it"
run mlops model predict m m/rows.csv
like "$err" "has several models" "a folder of several is refused"
run mlops model predict nobody m/rows.csv
rc_is 1 "a model that is not there"
done_testing
