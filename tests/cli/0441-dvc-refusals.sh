# What mlops run says of a dvc.yaml or dvc.lock that it cannot run, and of several dvc.yaml in folders.
. "$(dirname "$0")/../lib/tap.sh"

refused() { # refused NAME MESSAGE
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1: the message"
}
names() { mlops run --dry-run --json "$@" 2>"$err" | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["stages"]])'; }

new_project
mkdir .dvc
stage() { printf 'stages:\n  s:\n    cmd: "true"\n    %s\n' "$@" >dvc.yaml; }
stage 'deps: ["https://example.org/x"]'
refused "a URL" "dvc.yaml:4:12: dependency 'https://example.org/x' is not a file of the project"
stage 'depss: [x]'
refused "an unknown key" "dvc.yaml:4:5: .*depss"
stage 'outs: [../x]'
refused "a path outside" "dvc.yaml:4:12: output '../x' leaves the project"
stage 'outs: [{x: {cach: false}}]'
refused "an unknown attribute" "dvc.yaml:4:17: unknown key 'cach'"
stage 'deps: ["*.txt"]'
refused "a pattern is a name" "dependency '\*.txt' does not exist"
stage 'outs: [x]'
printf 'schema: "1.0"\n' >dvc.lock
refused "an old lock" "dvc.lock:1:1: this program reads lock files of schema 2.0"
printf 'schema: "2.0"\n<<<<<<< ours\nstages:\n=======\n>>>>>>> theirs\n' >dvc.lock
refused "a conflict" "'dvc.lock' has a merge conflict"
printf 'schema: "2.0"\nstages: {s: {cmd: "false"}}\n' >dvc.lock
sed -i 's/"true"/echo > x/' dvc.yaml
refused "a lock in another form" "the file is not as DVC writes it"
rm -f dvc.lock

# several files
mkdir -p sub/deep other/.dvc ignored hidden
echo /ignored/ >.gitignore
echo /hidden >.dvcignore
printf 'stages:\n  up:\n    cmd: cat ../top.txt > up.txt\n    deps: [../top.txt]\n    outs: [up.txt]\n' >sub/dvc.yaml
printf 'stages:\n  low:\n    wdir: deep\n    vars: [v.yaml]\n    cmd: echo ${v} > low.txt\n    outs: [low.txt]\n' >sub/low.yaml
sed '1d' sub/low.yaml >>sub/dvc.yaml
echo 'v: 7' >sub/deep/v.yaml
printf 'stages:\n  top:\n    cmd: echo $DVC_STAGE > top.txt; echo $DVC_ROOT >&2\n    outs: [top.txt]\n' >dvc.yaml
cp dvc.yaml other/dvc.yaml
cp dvc.yaml ignored/dvc.yaml
cp dvc.yaml hidden/dvc.yaml
is "$(names)" "top sub/dvc.yaml:up sub/dvc.yaml:low" "stages of all folders, not of ignored ones or of other repositories"
run mlops run
rc_is 0 "they run"
like "$err" "^$PWD\$" "commands know the repository"
is "$(cat sub/up.txt sub/deep/low.txt | tr '\n' ' ')" "top 7 " "each in its folder"
ok "each dvc.yaml has its lock" test -f dvc.lock -a -f sub/dvc.lock
ok "with paths seen from where the stage runs" grep -q 'path: ../top.txt' sub/dvc.lock
ok "and names of its own" grep -q '^  up:' sub/dvc.lock
run mlops run -f sub/dvc.yaml:low
rc_is 0 "a stage by its name"
run mlops dag
like "$out" "| sub/dvc.yaml:up |" "mlops dag"
run mlops run none
like "$err" "there is no stage 'none' in dvc.yaml" "an unknown stage"
ok "nothing is left in the cache" test ! -e .dvc/cache/mlops-tmp
git add -A && git commit -qm one
printf 'lr: 1\n' >params.yaml
sed -i 's/outs: \[top.txt\]/&\n    params: [lr]/' dvc.yaml
git add -A && git commit -qm two
printf 'lr: 2\n' >params.yaml
run mlops params diff HEAD
like "$out" "params.yaml *lr *1 *2" "mlops params diff"
run mlops params diff HEAD~1 HEAD
like "$out" "params.yaml *lr" "between revisions"
printf 'stages:\n  top:\n    cmd: echo hello\n' >dvc.yaml
run mlops run top
like "$out" hello "a stage without deps or outs runs"
run mlops run top
like "$out" hello "each time"
run mlops run logs top
like "$out" hello "its log"
echo 'stages: {own: {cmd: "true"}}' >mlops.yaml
is "$(names)" "own" "mlops.yaml goes before dvc.yaml"
done_testing
