#!/bin/sh
# Profiles: what they say, saved, merged, compared; damaged ones are refused.
. "$(dirname "$0")/../lib/tap.sh"

cat >t.csv <<'CSV'
n,r,ok,word
1,0.5,true,b
2,1.5,False,a
3,,true,"a"
4,inf,NA,ccc
CSV
run mlops monitor profile t.csv
rc_is 0
like "$out" '^n +integer +0 +4 +2\.5 ' "a column of integers"
like "$out" '^4 rows$' "the rows"
run mlops monitor profile t.csv --json
schema_ok monitor-profile.json
json_is '[c["type"] for c in d["columns"]]' '["integer","real","boolean","text"]' "types"
json_is '[c["missing"] for c in d["columns"]]' '[0,1,1,0]' "missing values"
json_is '[c["distinct"] for c in d["columns"]]' '[4,3,2,3]' "distinct values"
json_is 'd["columns"][1]["infinite"]' 1 "infinite ones are apart"
json_is 'd["columns"][1]["max"]' 1.5 "and no maximum"
json_is 'd["columns"][0]["quantiles"]["0.5"]' 2 "a median"
json_is 'd["columns"][3]["top"][0]' '{"count":2,"value":"a"}' "the commonest value"
json_is 'd["columns"][3]["length"]' '{"max":3,"mean":1.5,"min":1}' "lengths of texts"
run mlops monitor profile - --format csv -c n --json <t.csv
json_is '[c["name"] for c in d["columns"]]' '["n"]' "standard input, one column"

python3 -I -S -B - "$tap_src" <<'PY'
import sys
sys.path.insert(0, sys.argv[1] + "/tests/lib")
import random, drift_set
r = random.Random(7)
drift_set.write("whole.csv", r, 12000, False)
drift_set.write("moved.csv", r, 6000, True)
lines = open("whole.csv").readlines()
for i in range(4):
    open("part%d.csv" % i, "w").writelines(lines[:1] + lines[1 + 3000 * i:1 + 3000 * (i + 1)])
PY
run mlops monitor profile whole.csv -o whole.profile
rc_is 0
is "$(cat "$out")" "" "with -o nothing is printed"
for i in 0 1 2 3; do mlops monitor profile part$i.csv -o part$i.profile; done
run mlops monitor merge part0.profile part1.profile part2.profile part3.profile -o merged.profile
rc_is 0
mlops monitor profile whole.profile --json >whole.json
run mlops monitor profile merged.profile --json
schema_ok monitor-profile.json
cp "$out" merged.json
cat >compare.py <<'PY'
import json
a, b = (json.load(open(n)) for n in ("whole.json", "merged.json"))
assert a["rows"] == b["rows"] == 12000
for x, y in zip(a["columns"], b["columns"]):
    for key in ("name", "type", "missing", "min", "max", "top"):
        assert x[key] == y[key], (x["name"], key)
    for key in ("mean", "sd", "skewness", "kurtosis"):
        assert x[key] is None and y[key] is None or abs(x[key] - y[key]) < 1e-9 * max(1, abs(x[key])), (x["name"], key)
    assert abs(x["distinct"] - y["distinct"]) <= 0.03 * x["distinct"], x["name"]
    for q, v in x["quantiles"].items():
        assert v is None or abs(v - y["quantiles"][q]) <= 0.02 * (x["max"] - x["min"]), (x["name"], q)
PY
ok "profiles of parts merge into that of the whole" python3 -I -S compare.py

run mlops monitor drift whole.profile merged.profile
rc_is 0 "a profile and the same merged have not drifted"
run mlops monitor drift whole.csv moved.csv --json
json_get '[c["name"] for c in d["columns"] if c["drifted"]]' >from-tables
run mlops monitor drift merged.profile moved.csv --json
rc_is 3 "a table against a profile"
schema_ok monitor-drift.json
is "$(json_get '[c["name"] for c in d["columns"] if c["drifted"]]')" "$(cat from-tables)" "the same verdicts as from the tables"

run mlops monitor merge part0.profile
rc_is 2 "merge needs a file to write to"
run mlops monitor merge part0.profile t.csv -o x.profile
rc_is 1 "a table is no profile"
[ ! -e x.profile ]
tap_point $? "and nothing is written"

# damage NAME SED: the profile of t.csv, changed, is refused and named.
mlops monitor profile t.csv -o t.profile
damage() {
	sed "$2" t.profile >damaged.profile
	run mlops monitor profile damaged.profile
	rc_is 1 "$1 is refused"
	like "$err" "damaged.profile' is " "and said"
}
damage "a newer version" 's/"version":1/"version":2/'
damage "a wrong count of rows" 's/"rows":4/"rows":5/'
damage "a negative count" 's/"missing":1/"missing":-1/'
damage "a sketch that is cut short" 's/"distinct":"00/"distinct":"/'
damage "a register that can't be" 's/"distinct":"00/"distinct":"ff/'
damage "quantiles that do not add up" 's/"quantiles":\["................/"quantiles":["/'
damage "counts that exceed the rows" 's/\["a",2\]/["a",200]/'
damage "two columns of one name" 's/"name":"r"/"name":"n"/'
damage "a column without a name" 's/"name":"r"/"nick":"r"/'
damage "no columns" 's/"columns":\[/"rows_":[/'
head -c 300 t.profile >damaged.profile
run mlops monitor profile damaged.profile
rc_is 1 "half a file is refused"
done_testing
