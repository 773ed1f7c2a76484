# What changed inside of tables and JSON objects.
. "$(dirname "$0")/../lib/tap.sh"

new_project
printf 'id,name,score\n1,a,5\n2,b,6\n2,b,6\n3,"c,c",7\n' >t.csv
printf '{"id":1,"x":{"y":2}}\n{"id":2}\n' >l.jsonl
printf 'a\tb\n1\t2\n' >t.tsv
printf '{"lr":0.1,"net":{"layers":3,"old":{"x":1}},"tags":["a","b"],"same":{"k":[1]}}' >c.json
echo '[1]' >array.json; printf 'a,b\n1\n' >bad.csv; head -c 20 /dev/zero >not.json
mlops track t.csv l.jsonl t.tsv c.json array.json bad.csv not.json >/dev/null && git commit -qm one

printf 'score,id,extra,name\n6,2,x,b\n5,1,y,a\n8,3,z,"c,c"\n9,4,z,d\n' >t.csv
printf '{"id":2}\n{"id":1,"x":{"y":2},"z":0}\n{"id":1,"x":{"y":3}}\n' >l.jsonl
printf 'a\tb\n1\t3\n' >t.tsv
printf '{"net":{"layers":4,"new":{"x":{},"y":1}},"same":{"k":[1]},"tags":["a","c"]}' >c.json
echo '[2]' >array.json; printf 'a,b\n2\n' >bad.csv; head -c 21 /dev/zero >not.json

run mlops diff
rc_is 0
is "$(grep -A2 t.csv "$out" | tail -2)" "    columns: +extra
    rows: 4 -> 4, +2 -2" "rows are compared in any order, by the columns that both have"
is "$(grep -A2 l.jsonl "$out" | tail -2)" "    columns: +z
    rows: 2 -> 3, +1 -0" "JSON lines"
is "$(grep -A1 t.tsv "$out" | tail -1)" "    rows: 1 -> 1, +1 -1" "tabs"
is "$(grep -A1 c.json "$out" | tail -1)" "    keys: +net.new.x +net.new.y -lr -net.old.x ~net.layers ~tags" "keys"
is "$(grep -c '^ ' "$out")" 6 "what is no table and no object has no summary"
run mlops diff --json
schema_ok diff.json
json_is '[e["summary"]["rows_added"] for e in d["differences"] if e["path"] == "t.csv"]' '[2]' "as JSON"
json_is '[e["summary"] for e in d["differences"] if e["path"] == "c.json"][0]["keys_changed"]' \
	'["net.layers","tags"]' "keys as JSON"
unlike "$(mlops diff --no-summary)" "rows" "--no-summary"
mlops track t.csv c.json >/dev/null && git commit -qm two
like "$(mlops diff HEAD~1 HEAD)" "rows: 4 -> 4, \+2 -2" "between stored versions"

# More rows out of place than are kept at a time, and one row many times.
awk 'BEGIN { print "n,m"; for (i = 0; i < 1650000; i++) print i ",x"; for (i = 0; i < 50000; i++) print "7,7" }' >big.csv
mlops track big.csv >/dev/null && git commit -qm big
{ echo n,m; awk 'NR != 1 && NR != 5 { print } END { print "-1,x"; print "-2,x"; print "7,7" }' big.csv | tac; } >new.csv
mv new.csv big.csv
like "$(mlops diff big.csv)" "rows: 1700000 -> 1700002, \\+3 -1" "a large table turned upside down, in shares"
printf 'a,b\n1,2\n' >t.csv && mlops track t.csv >/dev/null && git commit -qm t && printf 'c\n1\n2\n' >t.csv
is "$(mlops diff t.csv | tail -2)" "    columns: +c -a -b
    rows: 1 -> 2" "without a common column rows are counted"
done_testing
