# mlops pull restores the outputs that mlops.lock pins, and keeps changes that are nowhere else.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd: mkdir -p made && echo "made $(cat seed)" > made/out && echo one > single
    deps: [seed]
    outs: [made, single]
YAML
echo 1 >seed
mlops run >/dev/null 2>"$err" || diag <"$err"
mlops remote add origin "$scratch/far"
git add . && git commit -qm one
ok "outputs are pushed" mlops push
origin=$PWD

clone
ok "and pulled" mlops pull
is "$(cat made/out)" "made 1" "a folder is restored"
is "$(cat single)" one "and a file"
run mlops run
rc_is 0
unlike "$out$err" "made 1" "nothing is to be run"
here=$PWD

cd "$origin" && echo 2 >seed && mlops run >/dev/null 2>&1 && mlops push >/dev/null
git commit -qam two
cd "$here" && git pull -q
ok "an older output that the store has is replaced" mlops pull
is "$(cat made/out)" "made 2" "by the newer one"

echo mine >made/out
run mlops pull --json
rc_is 3 "a change that is stored nowhere is kept"
json_is 'd["kept"]' '["made"]' "and named"
is "$(cat made/out)" mine "its bytes are as they were"
rm single
run mlops pull
is "$(cat single)" one "the others are restored"
ok "by force it is replaced" mlops pull --force
is "$(cat made/out)" "made 2" "with what is pinned"

done_testing
