# mlops dag: what it draws, and in which forms.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  prepare: {cmd: x, deps: [raw.csv], outs: [split]}
  train: {cmd: x, deps: [split/a], outs: [model]}
  evaluate: {cmd: x, deps: [split, model], outs: [m.json]}
YAML
run mlops dag
rc_is 0 "a drawing"
is "$(cat "$out")" '    +---------+
    | prepare |
    +----+----+
     +---+
     |  ++------+
     |  | train |
     |  +---+---+
     |  +---+
+----+--+--+
| evaluate |
+----------+' "in ASCII"
run env LC_ALL=C.UTF-8 mlops dag train
is "$(cat "$out")" '┌─────────┐
│ prepare │
└────┬────┘
     │
 ┌───┴───┐
 │ train │
 └───────┘' "in lines, of a stage and what it needs"
run mlops dag --width 15
is "$(cat "$out")" 'prepare
  train <- prepare
    evaluate <- prepare, train' "a list where it does not fit"
run mlops dag --json
schema_ok dag.json
json_is '[[e["from"], e["to"]] for e in d["edges"]]' '[["prepare","train"],["prepare","evaluate"],["train","evaluate"]]' "edges"
json_is '[[n["name"], n["layer"]] for n in d["nodes"]]' '[["prepare",0],["train",1],["evaluate",2]]' "layers"
run mlops dag --outs --json
schema_ok dag.json
json_is '[[e["from"], e["to"]] for e in d["edges"]]' '[["raw.csv","split"],["split","model"],["split","m.json"],["model","m.json"]]' "files"
git add -A && git commit -qm one
echo 'stages: {}' >mlops.yaml
run mlops dag
rc_is 0 "no stages"
is "$(cat "$out")" "" "draw nothing"
run mlops dag --rev HEAD train
like "$out" "train" "of a revision"

cat >mlops.yaml <<'YAML'
stages:
  one: {cmd: x, deps: ["a\"b<c>&\\d;`#\e\u202e"], outs: ["\u00e9\u4e2d\u6587.csv"]}
YAML
run mlops dag --outs --format svg
ok "hostile names: SVG is well formed" python3 -I -S -c 'import sys, xml.etree.ElementTree as t
root = t.parse(sys.argv[1]).getroot()
texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
assert texts == ["a\"b<c>&\\d;`#\ufffd\ufffd", "\u00e9\u4e2d\u6587.csv"], texts' "$out"
run mlops dag --outs --format dot
like "$out" 'n1 \[label="a\\"b<c>&\\\\d;`#' "dot escapes them"
run mlops dag --outs --format mermaid
like "$out" 'n1\["a#34;b#60;c#62;#38;#92;d#59;#96;#35;' "mermaid escapes them"
run env LC_ALL=C.UTF-8 mlops dag --outs
like "$out" '^ +│ é中文.csv │$' "wide characters take two columns"
unlike "$out" "$(printf '\033')" "and no control character is printed"

run mlops dag nowhere
rc_is 2 "a stage that is none"
run mlops dag prepare --rev nowhere
rc_is 1 "a revision that is none"
rm mlops.yaml
run mlops dag
rc_is 1 "no pipeline"
like "$err" "there is no 'mlops.yaml'|no 'mlops.yaml'" "is said"

done_testing
