#!/bin/sh
# mlops serve of models that need no Python.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"
export PYTHONPATH="$tap_src/tests/lib"
python3 -S "$tap_src/tests/lib/scoring.py" m || exit 1
MLOPS_PYTHON=/bin/false
export MLOPS_PYTHON

# near WANT: whether what was printed is that, to 1e-6.
near() {
	python3 -I -S -c '
import json, sys
def flat(v): return [x for i in v for x in flat(i)] if isinstance(v, list) else [v]
got, want = flat(json.loads(sys.argv[1])), flat(json.loads(sys.argv[2]))
sys.exit(len(got) != len(want) or any(abs(g - w) > 1e-6 for g, w in zip(got, want)))' "$1" "$2"
}
want() {
	python3 -S -c "import json, scoring; print(json.dumps(scoring.WANT['$1']))"
}
post() {
	curl -s --max-time 20 -o "$tap_root/body" -w '%{http_code}' -d "$2" "$1"
}

serve --dir m/linear.json --name linear
rows='[[0.4,0],[0.5,1],[0.5,2]]'
is "$(post "$u/v1/models/linear:predict" "{\"instances\":$rows}")" 200 "a file is served"
ok "and predicts what it should" near "$(sed 's/.*://; s/}//' "$tap_root/body")" "$(want linear.json)"
is "$(post "$u/v1/models/linear:predict" '{"instances":[[1]]}')" 400 "a row that is too short"
like "$tap_root/body" 'row 0 has 1 values' "says so"
is "$(post "$u/v1/models/linear:predict" '{"instances":[[1,"x"]]}')" 400 "a text"
is "$(post "$u/v1/models/linear:predict" '{"instances":[7]}')" 400 "a row that is none"
like "$(curl -s "$u/v2/models/linear")" '"platform":"native"' "says what it is"
kill -TERM "$pid"
ok "ends" wait "$pid"

mkdir folder && cp m/softprob.json folder/model.json
serve --dir folder --name soft
is "$(post "$u/v2/models/soft/infer" '{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[0.4,0,0.5,1]}]}')" 200 "a folder with one model"
ok "several outputs a row" near "$(sed 's/.*"data"://; s/}.*//' "$tap_root/body")" "$(python3 -S -c "import json, scoring; print(json.dumps(scoring.WANT['softprob.json'][:2]))")"
like "$tap_root/body" '"shape":\[2,3\]' "and their shape"
kill -TERM "$pid"
wait "$pid"

serve --dir m/lightgbm.txt --name light
is "$(post "$u/v1/models/light:predict" '{"inputs":{"b":[0,null],"a":[0.4,0.9]}}')" 200 "by the features' names"
like "$tap_root/body" '"outputs":\[[0-9.]*,[0-9.]*\]' "one value a row"
is "$(post "$u/v1/models/light:predict" '{"instances":[{"a":1,"c":1}]}')" 400 "a name that is none"
kill -TERM "$pid"
wait "$pid"

echo '{"learner":1' >m/broken.json
run mlops serve --dir m/broken.json --listen 127.0.0.1:0
rc_is 1 "a damaged model"
new_project
cp "$OLDPWD/m/logistic.json" model.json
add_version tree model.json
serve tree
is "$(post "$u/v1/models/tree:predict" '{"instances":[[0.4,0]]}')" 200 "a registered file"
kill -TERM "$pid"
wait "$pid"
is "$(ls .mlops/run/serve)" "" "which is removed"
done_testing
