# mlops plots: what it draws, where from, and where to.
. "$(dirname "$0")/../lib/tap.sh"

new_project
page() { python3 -I -S "$tap_src/tests/lib/plots_page.py" "$@"; }
cat >make.py <<'PYTHON'
import sys
k = float(sys.argv[1])
open("log.csv", "w").write("epoch,acc,loss\n" + "".join(f"{i},{i * k},{1 - i * k}\n" for i in range(5)))
open("roc.json", "w").write('{"about": 1, "roc": [{"fpr": 0, "tpr": 0}, {"fpr": 0.5, "tpr": %s}, {"fpr": 1, "tpr": 1}]}' % k)
open("preds.tsv", "w").write("actual\tpredicted\ncat\tcat\ncat\tdog\ndog\tdog\ndog\tdog\n")
open("bars.yaml", "w").write(f"- {{name: hue, weight: {k}}}\n- {{name: ash, weight: -1}}\n")
open("dot.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg'/>")
PYTHON
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd: python3 make.py ${k}
    outs: [roc.json: {cache: false}]
    plots:
      - log.csv: {x: epoch, y: loss, title: Loss by epoch}
      - preds.tsv: {x: actual, y: predicted, template: confusion, cache: false}
      - bars.yaml: {x: name, template: bar}
      - dot.svg
plots:
  - ROC: {x: fpr, y: {roc.json: tpr}, y_label: right}
  - both: {x: epoch, y: {log.csv: [acc, loss]}}
YAML
echo 'k: 0.2' >params.yaml
mlops run >/dev/null 2>&1
git add -A && git commit -qm one && git tag v1
ok "a plots file is an output in the store" git check-ignore -q log.csv
fails "unless it is not to be" git check-ignore -q preds.tsv
echo 'k: 0.25' >params.yaml
mlops run >/dev/null 2>&1

run mlops plots show --json
rc_is 0 "plots of the work tree"
schema_ok plots-show.json
json_is '[[p["id"], p["kind"]] for p in d["plots"]]' '[["log.csv","line"],["preds.tsv","confusion"],["bars.yaml","bar"],["dot.svg","image"],["ROC","line"],["both","line"]]' "of stages, then of the top"
json_is '[[p["x"], p["y"]] for p in d["plots"][0]["series"][0]["points"]]' '[[0,1],[1,0.75],[2,0.5],[3,0.25],[4,0]]' "points of a table"
json_is '[d["plots"][0][k] for k in ("title", "x_label", "y_label")]' '["Loss by epoch","epoch","loss"]' "its texts"
json_is '[[p["x"], p["y"], p["value"]] for p in d["plots"][1]["series"][0]["points"]]' '[["cat","cat",1],["dog","cat",0],["cat","dog",1],["dog","dog",2]]' "a matrix"
json_is '[[p["x"], p["y"]] for p in d["plots"][2]["series"][0]["points"]]' '[["hue",0.25],["ash",-1]]' "bars, and the last column"
json_is '[p["y"] for p in d["plots"][4]["series"][0]["points"]]' '[0,0.25,1]' "points of a list in JSON"
json_is '[s["name"] for s in d["plots"][5]["series"]]' '["acc","loss"]' "two columns"
json_is '[p["y_label"] for p in d["plots"][4:]]' '["right",""]' "of which none names the axis"

run mlops plots show preds.tsv
is "$(cat "$out")" "$(printf 'preds.tsv\nworkspace: predicted\n     cat  dog\ncat    1    0\ndog    1    2')" "a matrix in the terminal"
run mlops plots show bars.yaml
like "$out" '^ash +-1 \*{10,}$' "bars"
run mlops plots show log.csv
like "$out" '^ +1 \|\*' "a line starts at its highest"
like "$out" '^ +0 \| +\*+$' "and ends at its lowest"
run env LC_ALL=C.UTF-8 mlops plots show ROC
like "$out" '│.*[⠁-⣿]' "or in braille"
mkdir -p deep
run mlops -C deep plots show ../roc.json --json
json_is '[p["id"] for p in d["plots"]]' '["ROC"]' "chosen by a file seen from a folder"

run mlops plots diff --json log.csv
schema_ok plots-diff.json
json_is '[[s["at"], s["points"][1]["y"]] for s in d["plots"][0]["series"]]' '[["HEAD",0.8],["workspace",0.75]]' "HEAD, from the store, and the work tree"
run mlops plots diff ROC v1 last --json
json_is '[[s["at"], s["points"][1]["y"]] for s in d["plots"][0]["series"]]' '[["v1",0.2],["last",0.25]]' "a revision, from the commit, and a run"
run mlops plots show v1 last both --json
json_is '[[p["series"][0]["at"], p["series"][0]["points"][1]["y"]] for p in d["plots"]]' '[["v1",0.2],["last",0.25]]' "points one after the other"
run mlops plots diff log.csv
like "$out" '\* HEAD: loss' "series have a mark each"
like "$out" '\+ workspace: loss' "which the legend tells"

run mlops plots diff v1 last workspace -o page.html
rc_is 0 "a page"
is "$(cat "$out")" "" "and nothing else"
run page page.html span
rc_is 0 "it is well formed and loads nothing"
is "$(grep -c . "$out")" 15 "a line of the legend for each series: 3 points of 5"
is "$(page page.html h2 | head -3 | tr '\n' ,)" "Loss by epoch,preds.tsv,bars.yaml," "titles"
is "$(page page.html figcaption)" "$(printf 'v1: dot.svg\nlast: dot.svg\nworkspace: dot.svg')" "images"
ok "an image is in the page" grep -q "$(base64 -w0 dot.svg)" page.html

sed -i 's/y: loss, title/y: los, title/' mlops.yaml
run mlops plots show
rc_is 1 "a column that is not there"
like "$err" "plot 'log.csv': there is no column 'los' in 'log.csv'" "is said"
like "$err" "did you mean 'loss'" "with a near miss"
run mlops plots show nowhere
rc_is 1 "neither plot nor point"
like "$err" "there is no plot, revision or run 'nowhere'" "is said"
run mlops plots show log.cvs
like "$err" "did you mean 'log.csv'" "with a near miss"
git checkout -q mlops.yaml
sed -i 's/x: epoch, y: loss, title/x: epoch, y: rate, title/' mlops.yaml
sed -i 's/log.csv: .acc, loss./log.csv: acc/' mlops.yaml
rm log.csv
printf 'epoch,acc,rate\n0,1,2\n' >log.csv
run mlops plots diff log.csv --json
rc_is 0 "a column that an older point lacks"
like "$err" "HEAD is left out: plot 'log.csv': there is no column 'rate' in 'HEAD:log.csv'" "is a warning"
json_is '[[s["at"] for s in p["series"]] for p in d["plots"]]' '[["workspace"],["HEAD","workspace"]]' "and the rest is drawn"

done_testing
