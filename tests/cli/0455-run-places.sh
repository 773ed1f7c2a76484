# Outputs with `remote: NAME` and `push: false`: where their objects go, and come from.
. "$(dirname "$0")/../lib/tap.sh"

new_project
first=$PWD
. "$tap_src/tests/lib/remote.sh"
simple_folder ../usual
simple_folder ../models
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: cat in >plain; mkdir -p m/sub; cp in m/sub/w; echo "weights $(cat in)" >m/x; echo "scratch $(cat in)" >tmp
    deps: [in]
    outs:
      - plain
      - m: {remote: models, type: model}
      - tmp: {push: false}
  eval: {cmd: cat m/x tmp >score, deps: [m/x, m/sub, tmp], outs: [score]}
YAML
echo 1 >in
printf 'in\n' >>.gitignore
ok "a run" mlops run
like mlops.lock "remote: models" "the lock has the remote"
like mlops.lock "push: false" "and what is not sent"
mlops remote add usual "$PWD/../usual" >/dev/null
mlops config core.remote usual
git add -A && git commit -qm one

holds() { # REMOTE TEXT
	grep -rlqF "$2" "../$1/objects" 2>/dev/null
}
run mlops push
rc_is 1 "a remote that is not there"
like "$err" "no remote named 'models'" "is named"
ok "the others are sent all the same" holds usual "weights 1
scratch 1"
rm -rf ../usual && simple_folder ../usual
mlops remote add models "$PWD/../models" >/dev/null
git commit -qam remotes
ok "register the model" mlops model register wine --path m
ok "push" mlops push
ok "the model is where it is to be" grep -rqx "weights 1" ../models/objects
is "$(find ../models/objects -type f | wc -l | tr -d ' ')" 4 "with its folders, and nothing else"
is "$(grep -rlx 'weights 1' ../usual/objects | wc -l | tr -d ' ')" 1 "at the usual one is what was made of it"
is "$(find ../usual/objects -type f | wc -l | tr -d ' ')" 2 "and no more: plain and score"
fails "what is not to be sent is nowhere" sh -c 'grep -rlx "scratch 1" ../usual ../models | xargs grep -Lx "weights 1" | grep .'
run mlops push tmp
rc_is 0 "it is not sent when it is named"
like "$err" "'tmp' is not sent: the pipeline says push: false" "which is told"
run mlops push -r usual m
is "$(find ../usual/objects -type f | wc -l | tr -d ' ')" 2 "-r is for those without a remote"

# old results go where they went, whatever is declared now
echo 2 >in
mlops run >/dev/null 2>&1
sed 's/ {remote: models, type: model}/ {type: model}/; s/ {push: false}//' mlops.yaml >new && mv new mlops.yaml
echo 3 >in
mlops run >/dev/null 2>&1
unlike mlops.lock "remote:" "the lock has it no more"
ok "push" mlops push
ok "a run's output goes where it was to go" grep -rqx "weights 2" ../models/objects
is "$(grep -rlx 'weights 2' ../usual/objects | wc -l | tr -d ' ')" 1 "and not to the usual one"
ok "the new one goes there" grep -rqx "weights 3" ../usual/objects
fails "what was kept is kept" grep -rqx "scratch 2" ../models/objects
git checkout -q mlops.yaml

# a change of the declaration alone runs nothing
echo 1 >in
mlops run >/dev/null 2>&1
sed 's/tmp: {push: false}/tmp: {push: true}/' mlops.yaml >new && mv new mlops.yaml
run mlops run
unlike "$err" "stage 'train': runs" "to send it now runs nothing"
unlike mlops.lock "push: false" "and is in the lock"
git checkout -q mlops.yaml && mlops run >/dev/null 2>&1
git add -A && git commit -qm two --allow-empty

git clone -q . ../other && cd ../other || exit 1
run mlops cat m/sub/w
is "$(cat "$out")" 1 "mlops cat fetches from there"
run mlops cat tmp
like "$err" "cannot get 'tmp': it is at no remote" "what was not sent is at no remote"
rm -rf .mlops/store
run mlops pull
rc_is 0 "pull takes each from its remote"
is "$(cat m/x score)" "weights 1
weights 1
scratch 1" "all of it"
like "$err" "'tmp' is at no remote: the pipeline says push: false" "but what was not sent"
rm -rf .mlops/store m
ok "verify --repair" sh -c 'mlops verify --repair; mlops checkout; mlops pull; test -e m/x'

# the results of stages are shared with their places
cd "$first" || exit 1
rm -rf ../usual/* ../models/*
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: echo ran >>log; cp in a, deps: [in], outs: [a: {remote: models}]}
  b: {cmd: echo ran >>log; cat a a >b, deps: [a], outs: [b: {push: false}]}
YAML
echo new >in
mlops config run.sharedCache usual
printf 'log\n' >>.gitignore
ok "share" mlops run
is "$(cd .. && find usual/results -type f | wc -l | tr -d ' ')" 1 "one of two results is shared"
fails "without its object" test -d ../usual/objects
sed -i '/^in$/d' .gitignore
git add -A && git commit -qm three
git clone -q . ../third && cd ../third && cp "$first/in" . || exit 1
run mlops run
like "$err" "stage 'a': restored" "elsewhere it is a hit, from its remote"
is "$(cat log)" ran "the other one runs"

refused() {
	printf 'stages:\n  a: {cmd: x, outs: [a: {%s}]}\n' "$1" >mlops.yaml
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1 is explained"
}
refused 'remote: ../x' "mlops.yaml:2:34: '../x' is no name for a remote"
refused 'remote: ""' "mlops.yaml:2:34: '' is no name for a remote"
refused 'push: no way' "mlops.yaml:2:32: push must be true or false"
done_testing
