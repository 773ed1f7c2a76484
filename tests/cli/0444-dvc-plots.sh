# Plots of dvc.yaml: of stages and at the top, with templates of DVC and of the user.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p .dvc sub live/metrics live/images
printf 'step,v\n5,1\n' >live/metrics/a.csv
printf 'step\tv\n5\t1\n' >live/metrics/b.tsv
echo text >live/report.md
printf '\211PNG' >live/images/i.png
cat >dvc.yaml <<'YAML'
stages:
  train:
    cmd: printf 'step,loss,acc\n0,1,0.5\n1,0.5,0.75\n' >logs.csv; printf 'actual,predicted\na,a\nb,a\n' >pred.csv
    plots:
      - logs.csv: {x: step, y: loss, title: Loss, header: true, cache: false}
      - pred.csv: {x: actual, y: predicted, template: confusion, cache: false}
plots:
  - Both: {x: step, y: {logs.csv: [loss, acc]}, y_label: value}
  - own: {template: mine, x: step, y: {logs.csv: acc}}
  - live: {x: step}
  - senseless: {template: confusion, y: {logs.csv: acc}}
YAML
cat >sub/dvc.yaml <<'YAML'
plots:
  - more.csv
YAML
printf 'a,b\n1,2\n' >sub/more.csv
ok "what cannot be drawn does not keep the pipeline from running" mlops run
run mlops plots show --json
rc_is 0 "show"
json_is '[[p["id"], p["kind"], p["title"], p["y_label"], [[s["name"], len(s["points"])] for s in p["series"]]] for p in d["plots"]]' \
	'[["logs.csv","line","Loss","loss",[["loss",2]]],["pred.csv","confusion","pred.csv","predicted",[["predicted",4]]],["Both","line","Both","value",[["loss",2],["acc",2]]],["own","line","own","acc",[["acc",2]]],["live/images/i.png","image","live/images/i.png","",[["live/images/i.png",0]]],["live/metrics/a.csv","line","live/metrics/a.csv","v",[["v",1]]],["live/metrics/b.tsv","line","live/metrics/b.tsv","v",[["v",1]]],["more.csv","line","more.csv","b",[["b",1]]]]' \
	"plots of stages, at the top, of other files and of folders; a template of the user's is drawn as lines"
git add -A && git commit -qm 1
printf 'step,loss,acc\n0,2,0.1\n' >logs.csv
run mlops plots diff Both --json
json_is '[[s["at"], s["name"], len(s["points"])] for s in d["plots"][0]["series"]]' \
	'[["HEAD","loss",2],["HEAD","acc",2],["workspace","loss",1],["workspace","acc",1]]' "also between revisions"

# specifications of Vega, for who draws those
git checkout -q logs.csv 2>/dev/null || printf 'step,loss,acc\n0,1,0.5\n1,0.5,0.75\n' >logs.csv
run mlops plots show own --vega
rc_is 1 "a template that is not there"
like "$err" "plot 'own': cannot use the template '.dvc/plots/mine.json'" "is named"
mkdir -p .dvc/plots
cat >.dvc/plots/mine.json <<'JSON'
{"data": {"values": "<DVC_METRIC_DATA>"}, "title": "of <DVC_METRIC_TITLE>!", "width": "<DVC_METRIC_PLOT_WIDTH>",
 "params": ["<DVC_METRIC_ZOOM_AND_PAN>"], "layer": [{"mark": "point", "encoding":
 {"x": {"field": "<DVC_METRIC_X>", "title": "<DVC_METRIC_X_LABEL>"}, "y": {"field": "<DVC_METRIC_Y>"}}}]}
JSON
run mlops plots show own --vega
json_is 'd["own"]["data"]["values"]' '[{"acc":0.5,"dvc_inferred_y_value":0.5,"field":"acc","rev":"workspace","step":0},{"acc":0.75,"dvc_inferred_y_value":0.75,"field":"acc","rev":"workspace","step":1}]' "it gets the data"
json_is '[d["own"]["title"], d["own"]["width"], d["own"]["params"], d["own"]["layer"][0]["encoding"]]' \
	'["of own!",300,[],{"x":{"field":"step","title":"step"},"y":{"field":"acc"}}]' "columns and titles; other anchors are left out"
run mlops plots diff Both --vega
json_is '[d["Both"]["mark"]["type"], d["Both"]["encoding"]["y"]["field"], d["Both"]["encoding"]["color"]["field"], len(d["Both"]["data"]["values"])]' \
	'["line","dvc_inferred_y_value","rev",8]' "others have one of ours"
ok "into a file" mlops plots show --vega -o all.json
ok "which has all but images" python3 -c 'import json; assert list(json.load(open("all.json"))) == ["logs.csv", "pred.csv", "Both", "own", "live/metrics/a.csv", "live/metrics/b.tsv", "more.csv"]'
echo '"<DVC_METRIC_DATAX>"' >.dvc/plots/mine.json
run mlops plots show own --vega
like "$err" "is no specification of Vega" "a template that is none"
done_testing
