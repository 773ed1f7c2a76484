# mlops plots: files that are odd, large, or mean harm.
. "$(dirname "$0")/../lib/tap.sh"

new_project
page() { python3 -I -S "$tap_src/tests/lib/plots_page.py" "$@"; }
define() { printf 'plots:\n  - a.csv: {%s}\n' "$1" >mlops.yaml; }
points() { json_is '[[p["x"], p["y"]] for p in d["plots"][0]["series"][0]["points"]]' "$@"; }

define ''
printf 'x,y\n1,2\n' >a.csv
run mlops plots show --json
points '[[0,2]]' "one point"
run mlops plots show
rc_is 0 "is drawn"
like "$out" '\*' "as a mark"
ok "on a page too" mlops plots show -o page.html
like "$(cat page.html)" '<circle' "and is a circle there"
printf 'x,y\n0,1\n1,nan\n2,inf\n3,-Infinity\n4,\n5,NaN\n6,1e308\n7,-1e308\n' >a.csv
run mlops plots show --json
points '[[0,1],[1,null],[2,null],[3,null],[4,null],[5,null],[6,1e+308],[7,-1e+308]]' "what is no number is a gap"
ok "huge numbers are drawn" mlops plots show
ok "on a page too" mlops plots show -o page.html
ok "which is well formed" page page.html all
unlike "$(cat page.html)" '(d|x|y|cx|cy)="[^"]*(nan|inf)' "without such numbers in it"
define 'x: x, y: y'
printf 'x,y\n0,1\nnan,5\n,6\ninf,7\n2,3\n' >a.csv
run mlops plots show --json
points '[[0,1],[null,null],[2,3]]' "in x too"
ok "on a page" mlops plots show -o page.html
unlike "$(cat page.html)" '(d|x|y|cx|cy)="[^"]*(nan|inf)' "without such numbers in it"
printf 'x,y\n0,5e-324\n1,0\n' >a.csv
ok "tiny numbers" mlops plots show
printf 'x,y\n0,9007199254740993\n1,9007199254740992\n2,9007199254740994\n' >a.csv
ok "numbers that are next to each other" mlops plots show -o page.html
printf 'x,y\n' >a.csv
run mlops plots show
like "$out" "no data" "only a header"
ok "on a page too" mlops plots show -o page.html
is "$(page page.html p)" "no data" "which says so"
: >a.csv
run mlops plots show
rc_is 1 "an empty file"
like "$err" "plot 'a.csv': cannot read 'a.csv': it is empty" "is said"
rm a.csv
run mlops plots show
rc_is 0 "no file"
like "$out" "no data" "is no data"
mkdir a.csv
run mlops plots show
rc_is 1 "a folder"
like "$err" "it is not a file" "is said"
rmdir a.csv
printf 'x,y\n0,1\n1,fast\n' >a.csv
run mlops plots show
rc_is 1 "text among numbers"
like "$err" "'fast' in row 2 of column 'y' is no number" "is said"
define 'x: y, y: x'
run mlops plots show
like "$err" "labels are for plots with template: bar" "in x, with what to do"
define 'template: heatmap'
run mlops plots show
rc_is 1 "a template that is none"
like "$err" "mlops.yaml:2:23: there is no template 'heatmap'" "is said"
define 'template: confusion'
run mlops plots show
like "$err" "a confusion matrix needs x" "a matrix without x"
define 'colour: red'
run mlops plots show
like "$err" "mlops.yaml:2:13: .*colour" "an unknown key"
printf 'plots:\n  - a: {y: {/etc/passwd: x}}\n' >mlops.yaml
run mlops plots show
like "$err" "leaves the project" "a file outside"
printf 'plots:\n  - a: {y: {a.csv: y}, x: {b.csv: x}}\n' >mlops.yaml
printf 'x\n1\n2\n' >b.csv
printf 'y\n1\n' >a.csv
run mlops plots show
like "$err" "one has more rows than the other" "files that do not fit each other"

printf 'plots:\n  - a.json: {y: v}\n  - b.yaml: {}\n' >mlops.yaml
echo '[{"v": 1}, {"w": 2}, {"v": null}, {"v": "0.5"}, {"v": [1]}]' >a.json
echo 'plain' >b.yaml
run mlops plots show a.json --json
points '[[0,1],[1,null],[2,null],[3,0.5],[4,null]]' "maps that lack the key"
run mlops plots show b.yaml
like "$err" "'b.yaml' has no list of maps to plot" "no list"

python3 - <<'PYTHON'
with open("a.csv", "w") as f:
    f.write("v\n")
    for i in range(300000):
        f.write(f"{1000 if i == 123456 else -1000 if i == 200001 else i % 10}\n")
PYTHON
define ''
run mlops plots show --json
json_is '(lambda s: [s["rows"], 1000 < len(s["points"]) <= 2002])(d["plots"][0]["series"][0])' '[300000,true]' "many points are thinned out"
json_is '[[p["x"], p["y"]] for p in d["plots"][0]["series"][0]["points"] if abs(p["y"]) > 10]' '[[123456,1000],[200001,-1000]]' "the highest and the lowest stay"
json_is '(lambda p: [p[0]["x"], p[-1]["x"], all(a["x"] < b["x"] for a, b in zip(p, p[1:]))])(d["plots"][0]["series"][0]["points"])' '[0,299999,true]' "so do the ends, and the order"
define 'x: v, template: bar'
run mlops plots show
like "$err" "more than 1000 bars" "too many bars"
seq 0 300 | sed '1s/.*/x,y/; s/^[0-9]*$/&,&/' >a.csv
define 'x: x, y: y, template: confusion'
run mlops plots show
like "$err" "more than 200 labels" "too many labels"

evil='</title></style><script>alert(1)</script><img src=x onerror=alert(2)>"'"'"'&'
cat >write.py <<'PYTHON'
import csv, json, sys
evil = sys.argv[1]
files = {"a.csv": ["x", evil], "b.csv": [evil, "y"]}
for name, head in files.items():
    with open(name, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(head)
        w.writerows([[evil, 1], ["\x1b[2J\x01", 2]])
plots = [{evil: {"x": "x", "y": {"a.csv": [evil]}, "title": evil, "x_label": evil, "y_label": evil, "template": "bar"}},
         {"m": {"x": evil, "y": {"b.csv": ["y"]}, "template": "confusion"}},
         {"l": {"y": {"a.csv": [evil]}, "title": "\x1b]0;" + evil}}, {evil + ".png": {"title": evil}}]
with open(evil.replace("/", "_") + ".png", "w") as f:
    f.write("x")
json.dump({"plots": plots}, open("mlops.yaml", "w"))
PYTHON
python3 write.py "$evil"
git add -A && git commit -qm evil
git branch "x'>&y"
run mlops plots diff "x'>&y" workspace -o page.html
rc_is 0 "hostile names and labels"
ok "the page is well formed, and has no elements but its own" page page.html all
is "$(page page.html h2 | head -1)" "$evil" "which are text there"
like "$(page page.html h1)" "x'>&y" "and so is a revision"
run mlops plots show
rc_is 0 "in the terminal"
unlike "$out" "$(printf '[\033\001]')" "no control character gets through"

done_testing
