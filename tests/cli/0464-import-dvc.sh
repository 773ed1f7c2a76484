# mlops import dvc, and export dvc back: the data stays, what stands for it changes.
. "$(dirname "$0")/../lib/tap.sh"

mkdir -p theirs/far && cd theirs && git init -q && echo got >far/got && git add -A && git commit -qm far || exit 1
commit=$(git rev-parse HEAD)
git config --global "url.file://$PWD.insteadOf" https://example.org/x.git
cd .. && mkdir a && cd a && git init -q && mkdir -p .dvc data/sub in || exit 1
printf '/tmp\n/cache\n/config.local\n' >.dvc/.gitignore
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = %s\n" "$scratch/remote" >.dvc/config
echo one >data/one && echo two >data/sub/two && echo csv >in/t.csv && echo got >got
printf '#!/bin/sh\n' >tool && chmod +x tool
mlops track -q data in/t.csv tool got >/dev/null
printf 'md5: 0123456789abcdef0123456789abcdef\nfrozen: true\ndeps:\n- path: far/got\n  repo:\n    url: https://example.org/x.git\n    rev: main\n    rev_lock: %s\n' "$commit" >head
cat head got.dvc >both && mv both got.dvc && rm head
git add -A && git commit -qm dvc && git tag before && mlops push -q >/dev/null
cp -r . ../kept
cd .. && git clone -q a b && cd b || exit 1

run mlops import dvc
rc_is 1 "a repository that is no project"
mlops init >/dev/null && git commit -qm init
run mlops import dvc
rc_is 0 "all is converted"
is "$(sort "$out" | tr '\n' ' ')" "data got in/t.csv tool " "each path is told"
is "$(find . -name '*.dvc' -type f)" "" "no *.dvc file is left"
is "$(find . -name '*.mlops' -type f | sort | tr '\n' ' ')" "./data.mlops ./got.mlops ./in/t.csv.mlops ./tool.mlops " "a pointer is in place of each"
ok "the data is here" diff -r data ../kept/data
is "$(sed -n '/^origin/,$p' got.mlops | tr -d "'" | tr '\n' '|')" "origin:|  url: https://example.org/x.git|  path: far/got|  rev: main|  commit: $commit|" "what dvc import wrote is kept"
is "$(mlops status)" "nothing has changed" "nothing differs"
is "$(git status --porcelain | grep -c '^[RDA]  ')" "$(git status --porcelain | grep -c .)" "all of it is staged"
is "$(cat .gitignore | sort | tr '\n' ' ')" "/data /got /tool " "the data stays ignored"
git commit -qm mlops
ok "it verifies" mlops verify
run mlops import dvc
like "$out" "nothing to convert" "once is enough"

git checkout -q before
is "$(mlops status)" "nothing has changed" "an older commit is what it was"
rm -rf data .dvc/cache
ok "its data comes from DVC's remote" mlops pull -q
ok "as ever" diff -r data ../kept/data
git checkout -q main

echo more >data/new
run mlops export dvc
rc_is 3 "changes that are not recorded"
mlops track -q data >/dev/null && git commit -qam more
run mlops export dvc
rc_is 0 "back again"
is "$(find . -name '*.mlops' -type f)" "" "no pointer is left"
ok "a *.dvc file is as DVC writes it" cmp in/t.csv.dvc ../kept/in/t.csv.dvc
ok "with its mode" cmp tool.dvc ../kept/tool.dvc
is "$(git diff --cached before --stat -- data.dvc in tool.dvc | tail -1)" " 1 file changed, 3 insertions(+), 3 deletions(-)" "only what changed differs from before"
is "$(cat .gitignore | sort | tr '\n' ' ')" "/data /got /tool " "the data stays ignored"
is "$(mlops status)" "nothing has changed" "nothing differs"
ok "and DVC's cache has it" mlops push -q

new_project
run mlops export dvc
rc_is 1 "where there is no DVC"
like "$err" "dvc init" "a hint says what to do"
done_testing
