# mlops.yaml: vars and ${...}, foreach, matrix, defaults, includes.
. "$(dirname "$0")/../lib/tap.sh"

names() { mlops run --dry-run --json "$@" | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["stages"]])'; }
refused() { # refused NAME MESSAGE [HINT]
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1: the message"
	[ -z "${3:-}" ] || like "$err" "^hint: $3" "$1: what to do"
}

new_project
cat >params.yaml <<'YAML'
train: {lr: 0.1, layers: [8, 16]}
sets: {small: {rows: 10}, large: {rows: 1000}}
flags: {verbose: true, quiet: false, depth: 3, names: [a, 'b c'], opt: {lr: 0.5}}
YAML
echo '{"host": "example"}' >site.json
cat >mlops.yaml <<'YAML'
vars:
  - site.json
  - out: results
    half: ${train.lr}
stages:
  one:
    cmd: echo ${train.lr} ${train.layers[1]} ${host} \${HOME} > ${out}.txt
    outs: ["${out}.txt"]
  words:
    cmd: printf '%s\n' ${flags} > words
    outs: [words]
  per_set:
    foreach: ${sets}
    do:
      cmd: echo ${key} ${item.rows} > set-${key}
      outs: ["set-${key}"]
  per_item:
    foreach: [x, 2, true]
    do:
      cmd: echo ${item} > item-${item}
      outs: ["item-${item}"]
  grid:
    matrix:
      model: [cnn, xgb]
      layers: ${train.layers}
    cmd: echo ${item.model} ${item.layers} ${key} > grid-${key}
    outs: ["grid-${key}"]
YAML
run mlops run
rc_is 0 "a templated pipeline"
is "$(cat results.txt)" "0.1 16 example $HOME" "values are filled in, \\\${ is the shell's"
is "$(cat words | tr '\n' '|')" "--verbose|--depth|3|--names|a|b c|--opt.lr|0.5|" "a map becomes options"
is "$(cat set-large)" "large 1000" "foreach over a map"
is "$(cat item-2 item-true | tr '\n' ' ')" "2 true " "foreach over a list"
is "$(cat grid-xgb-8)" "xgb 8 xgb-8" "a matrix"
is "$(names)" "one words per_set@small per_set@large per_item@x per_item@2 per_item@true grid@cnn-8 grid@cnn-16 grid@xgb-8 grid@xgb-16" "the names of stages"
run mlops run
like "$err" "everything is up to date" "all is pinned"
run mlops run -P train.lr=0.2
rc_is 0 "a value for one run"
is "$(cat results.txt)" "0.2 16 example $HOME" "is filled in too"
is "$(mlops run --json | python3 -c 'import json,sys
print([s["outcome"] for s in json.load(sys.stdin)["stages"]][0])')" restored "and the old one comes back"
sed -i 's/host": "example/host": "other/' site.json
run mlops run
like "$err" "stage 'one': runs: its command changed" "a changed file of vars is seen"
run mlops run per_set@small
rc_is 0 "one of many is named with @"

new_project
mkdir -p sub/deep
echo 'n: 1' >params.yaml
echo 'n: 2' >sub/params.yaml
cat >mlops.yaml <<'YAML'
include: [sub/part.yaml]
defaults: {env: {WHO: top}}
stages:
  top: {cmd: 'echo ${n} $WHO > top', outs: [top]}
  own: {cmd: 'echo $WHO > own', outs: [own], env: {WHO: me}}
YAML
cat >sub/part.yaml <<'YAML'
stages:
  part: {cmd: 'echo ${n} "$WHO" > part; cat ../top >> part', deps: [../top], outs: [part]}
  deep: {cmd: 'pwd > here', wdir: deep, outs: [here]}
YAML
run mlops run
rc_is 0 "an included file"
is "$(cat sub/part | tr '\n' ' ')" "2  1 top " "has its own folder, parameters and defaults"
is "$(cat own)" me "a default gives way to what a stage says"
is "$(cat sub/deep/here)" "$PWD/sub/deep" "wdir is relative to its file"
echo "# changed" >>sub/part.yaml
run mlops run
like "$err" "everything is up to date" "it is up to date"
sed -i 's/pwd/pwd -P/' sub/part.yaml
run mlops run
like "$err" "stage 'deep': runs: its command changed" "a change of it is seen"

stage() { printf 'stages:\n  s: %s\n' "$1" >mlops.yaml; }
stage '{cmd: "echo ${nothing.here}"}'
refused "an unknown value" "^mlops: .*mlops.yaml:2:12: there is no 'nothing.here' to fill in" 'write ...nothing.here. where the shell'
stage '{cmd: "echo ${a b}"}'
refused "no name" "mlops.yaml:2:12: '..a b.' is no name of a value" "names are such as"
stage '{foreach: 3, do: {cmd: x}}'
refused "foreach over a number" "foreach is over a list or a map"
stage '{foreach: [1]}'
refused "foreach alone" "stage 's' has foreach and no do"
stage '{foreach: [1], do: {cmd: x}, cmd: y}'
refused "foreach and a command" "unknown key 'cmd'"
stage '{matrix: {a: 1}, cmd: x}'
refused "an axis that is no list" "'a' of the matrix is no list"
stage '{foreach: [1, 1], do: {cmd: x}}'
refused "the same name twice" "stage 's@1' is already on line 2"
stage '{foreach: [a/b], do: {cmd: x}}'
refused "an item that is no name" "a stage's name has letters"
printf 'include: [../x]\n' >mlops.yaml
refused "an include that leaves" "'../x' leaves the project"
printf 'include: [mlops.yaml]\n' >mlops.yaml
refused "a file that includes itself" "include each other more than 8 deep"
printf 'vars: [absent.yaml]\nstages: {s: {cmd: "echo ${x}"}}\n' >mlops.yaml
refused "a file of vars that is not there" "there is no file 'absent.yaml' of variables"
python3 - <<'PY'
axes = "".join(f"a{i}: [0,1,2,3,4,5,6,7,8,9], " for i in range(8))
open("mlops.yaml", "w").write("stages: {s: {matrix: {" + axes + "}, cmd: x}}\n")
PY
refused "too many combinations" "the matrix of stage 's' is too large"

done_testing
