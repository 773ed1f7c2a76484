# The real dvc and mlops run the same pipelines, and leave the same bytes: dvc.lock, cache and run cache.
# Wants `dvc` in PATH, or in $MLOPS_PEER_DVC.
dvc=${MLOPS_PEER_DVC:-$(command -v dvc)}
. "$(dirname "$0")/../lib/tap.sh"
[ -x "$dvc" ] || skip_all "dvc is not installed"
export DVC_NO_ANALYTICS=1 SHELL=/bin/bash DVC_SITE_CACHE_DIR="$tap_root/site" DVC_GLOBAL_CONFIG_DIR="$tap_root/dvc"

ln -s "$dvc" "$tap_root/bin/dvc"
same_lines() { printf '%s\n' "$1" | sort; }
clean() { # clean NAME [STAGE]: dvc finds nothing to do
	run dvc status -q ${2:+"$2"}
	rc_is 0 "$1"
}
repository() { # repository DIR: every shape of a pipeline
	mkdir -p "$1/data" "$1/sub/deep" "$1/src"
	cd "$1" && git init -q && dvc init -q && mlops init -q || exit 1
	printf 'x\n1\n2\n' >data/raw.csv
	: >data/empty
	echo 'print(1)' >src/prep.py
	chmod +x src/prep.py
	cat >params.yaml <<'YAML'
seed: 42
lr: 0.001
tiny: 1e-05
ratio: 1.0
name: "a b"
flag: true
none: null
train:
  epochs: 3
  layers: [64, 32]
  opt: {kind: adam, beta: 0.9}
sizes: [1, 2]
models:
  us: {n: 1, thresh: 0.5}
  uk: {n: 2, thresh: 1.0}
YAML
	echo '{"k": {"z": 1, "a": [1, 2.5, "t"]}, "s": "text"}' >other.json
	cat >vars.yaml <<'YAML'
greet: hello
cfg: {x: 1, flag: true, off: false, name: "q r"}
YAML
	cat >dvc.yaml <<'YAML'
vars:
- vars.yaml
- inline: 7
- other.json:s
stages:
  prep:
    desc: first
    cmd: cat data/raw.csv src/prep.py > prep.txt && mkdir -p pd/n && cp data/raw.csv pd/ && touch pd/n/empty && cp src/prep.py pd/x.py
    deps: [src/prep.py, data, data/raw.csv, data/empty]
    params: [seed, train, lr, tiny, ratio, name, flag, none]
    outs: [prep.txt, pd]
  left:
    cmd:
    - echo "a long line with 'single quotes' and \"double\" ones that is longer than eighty columns" > left.txt
    - cat prep.txt >> left.txt
    deps: [prep.txt]
    outs: [left.txt]
  right:
    cmd: |
      echo ${greet} ${inline} ${ratio} ${tiny} ${s} > right.txt
      cat prep.txt >> right.txt
    deps: [prep.txt]
    params:
    - other.json:
    - vars.yaml: [greet, cfg.x]
    outs:
    - right.txt: {persist: true}
  join:
    cmd: cat left.txt right.txt > joined.txt; echo '{"acc":0.5}' > m.json; echo "x,y" > plot.csv
    deps: [right.txt, left.txt]
    outs: [joined.txt]
    metrics:
    - m.json: {cache: false}
    plots:
    - plot.csv: {x: x, y: y, cache: false}
  each:
    foreach: ${models}
    do:
      cmd: echo ${key} ${item.n} ${item.thresh} > e_${key}.txt
      outs: ["e_${key}.txt"]
  list:
    foreach: [us, uk]
    do:
      cmd: echo ${item} > l_${item}.txt
      deps: [data/raw.csv]
      outs: ["l_${item}.txt"]
  mx:
    matrix:
      m: [cnn, rnn]
      d: ${sizes}
    cmd: echo ${item.m} ${item.d} > mx_${item.m}_${item.d}.txt
    deps: [prep.txt]
    outs: ["mx_${item.m}_${item.d}.txt"]
  cli:
    cmd: echo ${cfg} > cli.txt
    outs: [cli.txt]
  wd:
    wdir: sub/deep
    cmd: cp ../../data/raw.csv w.txt; chmod +x w.txt
    deps: [../../data/raw.csv]
    params:
    - ../../params.yaml: [lr]
    outs: [w.txt]
  bash:
    cmd: '[[ $DVC_STAGE == bash ]] && echo yes > bash.txt'
    outs: [bash.txt]
  emptydir:
    cmd: mkdir -p ed && true "a b"
    deps: [data/raw.csv]
    outs: [ed]
metrics: [m.json]
plots: [plot.csv]
YAML
	printf 'stages:\n  s1:\n    cmd: cat ../joined.txt > s1.txt\n    deps: [../joined.txt]\n    outs: [s1.txt]\n' >sub/dvc.yaml
	git add -A && git commit -qm start
	cd ..
}

repository a
repository b
ok "dvc runs it" sh -c 'cd a && dvc repro -q -P'
ok "mlops runs it" sh -c 'cd b && mlops run -q'
ok "the same files, dvc.lock, cache and run cache" \
	diff -r -x .git -x .mlops -x tmp -x config -x .gitignore a b
is "$(same_lines "$(cat a/.gitignore)")" "$(same_lines "$(cat b/.gitignore)")" "the same is ignored"
cd b || exit 1
clean "to dvc, what mlops ran is up to date"
git add -A && git commit -qm results
ok "dvc repro does nothing" sh -c 'dvc repro -P | grep -q "are up to date"'
cd ../a || exit 1
git add -A && git commit -qm results
run mlops run
like "$err" "everything is up to date" "to mlops, what dvc ran is up to date"
is "$(git status --porcelain)" "" "and nothing changed"

# changes go to and fro
sed -i 's/lr: 0.001/lr: 0.01/' params.yaml
ok "mlops runs a change" mlops run -q
clean "to dvc it is up to date"
is "$(git diff --stat dvc.lock | tail -1)" " 1 file changed, 2 insertions(+), 2 deletions(-)" "two lines of dvc.lock changed"
git checkout -q params.yaml
run mlops run
like "$err" "as in a former run" "the run cache of dvc is read"
is "$(git status --porcelain)" "" "all is as it was"
sed -i 's/lr: 0.001/lr: 0.01/' params.yaml
run dvc repro -P
like "$out" "Stage 'prep' is cached" "and that of mlops by dvc"
rm -rf pd prep.txt sub/deep/w.txt
run mlops run
like "$err" "stage 'prep': restored" "outs come back from dvc's cache"
clean "as dvc knows them"
ok "with their mode" test -x sub/deep/w.txt
git add -A && git commit -qm more

# frozen, always_changed
printf '  ever:\n    cmd: echo ever\n    always_changed: true\n  cold:\n    cmd: date > cold.txt\n    frozen: true\n    outs: [cold.txt]\n' >more
sed -i '/^metrics:/,$d' dvc.yaml
cat more >>dvc.yaml
rm more
date >cold.txt
run mlops run
like "$out" "^ever" "always_changed runs"
like "$err" "stage 'cold': .*frozen" "frozen does not"
sed -i '/^  cold:/,$d' dvc.yaml
rm cold.txt

# kinds of links
for kind in hardlink symlink copy; do
	dvc config cache.type "$kind"
	echo "  link_$kind: {cmd: 'mkdir $kind && echo $kind > $kind/x && touch $kind/empty', outs: [$kind]}" >>dvc.yaml
	ok "a stage with cache.type $kind" mlops run -q "link_$kind"
	clean "dvc finds its files unchanged" "link_$kind"
done
ok "a link to the cache" test -L symlink/x
is "$(stat -c '%h %a' hardlink/x)" "2 444" "a hard link to it"
run dvc checkout
rc_is 0 "dvc checkout"
ok "dvc push" sh -c 'dvc remote add -q -d r ../remote && dvc push -q'
git add -A && git commit -qm links
cd .. && git clone -q a c && cd c || exit 1
mlops init -q
ok "a clone is filled by dvc" dvc pull -q --allow-missing
run mlops run
like "$out" " 1 ran, 0 restored," "and mlops runs nothing in it but what always runs"

# what dvc add tracks
mkdir -p raw/sub/é
printf 'a\r\nb\r\n' >raw/crlf.txt
: >raw/sub/é/empty
seq 1000 >raw/sub/numbers
echo 'echo hi' >tool.sh
chmod +x tool.sh
ok "dvc add" dvc add -q raw tool.sh
run mlops status --exit-code
rc_is 0 "mlops finds no difference"
echo x >>raw/sub/numbers
rm raw/crlf.txt
run mlops status
is "$(tr '\n' '|' <"$out")" "deleted: raw/crlf.txt|modified: raw/sub/numbers|" "and then tells it"
ok "mlops checkout" mlops checkout --force
clean "dvc finds all as it was" raw.dvc
rm -rf raw tool.sh
ok "and again of nothing" mlops checkout
clean "dvc finds it as it was" tool.sh.dvc
clean "and the folder" raw.dvc
ok "with its mode" test -x tool.sh

echo y >>raw/sub/numbers
ok "mlops track" mlops track -q raw
clean "dvc finds it recorded" raw.dvc
cp raw.dvc "$tap_root/raw.dvc"
ok "dvc add" dvc add -q raw
ok "writes the same" cmp raw.dvc "$tap_root/raw.dvc"

# a cache elsewhere
dvc config --local cache.dir ../cache
sed -i 's/seed: 42/seed: 43/' params.yaml
ok "a run with cache.dir" mlops run -q prep
ok "whose outs are there" test -d ../cache/files/md5 -a -d ../cache/runs

# a lock that DVC 2 wrote: without "hash", names of text as if its lines ended in LF alone
mkdir ../two && cd ../two && git init -q && dvc init -q && mlops init -q || exit 1
printf 'a\r\nb\r\n' >in
printf 'stages:\n  copy: {cmd: cp in out, deps: [in], outs: [out]}\n' >dvc.yaml
cp in out
md5=$(printf 'a\nb\n' | md5sum | cut -c-32)
printf "schema: '2.0'\nstages:\n  copy:\n    cmd: cp in out\n    deps:\n    - path: in\n      md5: %s\n      size: 6\n    outs:\n    - path: out\n      md5: %s\n      size: 6\n" \
	"$md5" "$md5" >dvc.lock
mkdir -p ".dvc/cache/$(echo "$md5" | cut -c1-2)"
cp in ".dvc/cache/$(echo "$md5" | cut -c1-2)/$(echo "$md5" | cut -c3-)"
clean "dvc takes it as up to date"
run mlops run
like "$err" "everything is up to date" "as mlops does"
printf 'c\r\n' >in
ok "mlops runs what changed" mlops run
clean "which dvc finds up to date"
done_testing
