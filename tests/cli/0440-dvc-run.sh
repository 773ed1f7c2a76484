# mlops run in a DVC repository: dvc.yaml as it is, dvc.lock and the run cache in DVC's own bytes. What
# is wanted here was recorded from dvc 3.67 (tests/peers/dvc.sh asks the program itself).
. "$(dirname "$0")/../lib/tap.sh"

export SHELL=/bin/sh
object() { echo ".dvc/cache/files/md5/$(echo "$1" | cut -c1-2)/$(echo "$1" | cut -c3-)"; }
outcomes() { mlops run --json "$@" 2>/dev/null | python3 -c 'import json,sys
print(*[s["name"] + "=" + s["outcome"] for s in json.load(sys.stdin)["stages"]])'; }

new_project
mkdir .dvc data
printf 'a\nb\n' >data/raw.txt
: >data/empty
printf '#!/bin/sh\ncat "$@"\n' >join.sh
chmod +x join.sh
cat >params.yaml <<'YAML'
lr: 1e-5
ratio: 1.0
opt: {name: sgd, steps: [1, 2.5]}
YAML
echo '{"greet": "hi", "unused": 1}' >vars.json
cat >dvc.yaml <<'YAML'
vars:
- vars.json:greet
stages:
  prep:
    cmd:
    - ./join.sh data/raw.txt > prep.txt
    - mkdir -p parts/sub && cp data/raw.txt parts/b.txt && cp join.sh parts/sub/é.sh
    deps: [join.sh, data]
    params: [ratio, lr, opt]
    outs: [prep.txt, parts]
  eval:
    desc: what it gives
    cmd: |
      echo "${greet}: 'a rather long line of text that does not fit into eighty columns'" > note
      echo '{"acc": 0.5}' > m.json
    deps: [prep.txt]
    outs:
    - note: {persist: true, desc: kept}
    metrics:
    - m.json: {cache: false}
  each:
    foreach: [x, y/z]
    do:
      cmd: echo ${item} > each-${key}.txt
      deps: [data/raw.txt]
      outs: ["each-${key}.txt"]
metrics: [m.json]
YAML
run mlops run
rc_is 1 "only foreach over a map has a key"
sed -i 's/each-\${key}/${item}/' dvc.yaml
sed -i 's|y/z|y+z|' dvc.yaml
run mlops run
rc_is 0 "a pipeline of DVC's runs"
cat >want.lock <<'YAML'
schema: '2.0'
stages:
  prep:
    cmd:
    - ./join.sh data/raw.txt > prep.txt
    - mkdir -p parts/sub && cp data/raw.txt parts/b.txt && cp join.sh SPACE
      parts/sub/é.sh
    deps:
    - path: data
      hash: md5
      md5: MD5_DATA.dir
      size: 4
      nfiles: 2
    - path: join.sh
      hash: md5
      md5: MD5_JOIN
      size: 19
      isexec: true
    params:
      params.yaml:
        lr: 1e-05
        opt:
          name: sgd
          steps:
          - 1
          - 2.5
        ratio: 1.0
    outs:
    - path: parts
      hash: md5
      md5: MD5_PARTS.dir
      size: 23
      nfiles: 2
    - path: prep.txt
      hash: md5
      md5: MD5_RAW
      size: 4
  eval:
    cmd: "echo \"hi: 'a rather long line of text that does not fit into eighty columns'\"\
      \ > note\necho '{\"acc\": 0.5}' > m.json\n"
    deps:
    - path: prep.txt
      hash: md5
      md5: MD5_RAW
      size: 4
    outs:
    - path: m.json
      hash: md5
      md5: MD5_METRICS
      size: 13
    - path: note
      hash: md5
      md5: MD5_NOTE
      size: 71
  each@x:
    cmd: echo x > x.txt
    deps:
    - path: data/raw.txt
      hash: md5
      md5: MD5_RAW
      size: 4
    outs:
    - path: x.txt
      hash: md5
      md5: MD5_X
      size: 2
  each@y+z:
    cmd: echo y+z > y+z.txt
    deps:
    - path: data/raw.txt
      hash: md5
      md5: MD5_RAW
      size: 4
    outs:
    - path: y+z.txt
      hash: md5
      md5: MD5_YZ
      size: 4
YAML
sum() { md5sum "$1" | cut -c1-32; }
data='[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "empty"}, {"md5": "'$(sum data/raw.txt)'", "relpath": "raw.txt"}]'
parts='[{"md5": "'$(sum data/raw.txt)'", "relpath": "b.txt"}, {"md5": "'$(sum join.sh)'", "relpath": "sub/\u00e9.sh"}]'
md5_data=$(printf %s "$data" | md5sum | cut -c1-32)
md5_parts=$(printf %s "$parts" | md5sum | cut -c1-32)
sed -i "s/SPACE//; s/MD5_DATA/$md5_data/; s/MD5_PARTS/$md5_parts/; s/MD5_JOIN/$(sum join.sh)/; s/MD5_RAW/$(sum data/raw.txt)/
s/MD5_METRICS/$(sum m.json)/; s/MD5_NOTE/$(sum note)/; s/MD5_X/$(sum x.txt)/; s/MD5_YZ/$(sum y+z.txt)/" want.lock
ok "dvc.lock to the byte" diff -u want.lock dvc.lock
ok "no lock of ours" test ! -e mlops.lock
is "$(cat "$(object "$md5_parts.dir")")" "$parts" "the listing of a folder is in DVC's cache"
is "$(stat -c %a "$(object "$md5_parts.dir")") $(stat -c %a "$(object "$(sum prep.txt)")")" "444 444" "objects are read-only"
ok "and so is a file of it" cmp join.sh "$(object "$(sum join.sh)")"
ok "outs are ignored by git" git check-ignore parts prep.txt note
fails "but those that are not cached" git check-ignore -q m.json
is "$(find .dvc/cache -name '.mlops*')" "" "nothing is left over"
is "$(outcomes)" "prep=unchanged eval=unchanged each@x=unchanged each@y+z=unchanged" "then nothing is to be done"
ok "and dvc.lock is as it was" cmp want.lock dvc.lock

# the run cache: names and bytes as DVC has them
entry=.dvc/cache/runs/$(python3 - <<'PY'
import hashlib, json
raw = {"hash": "md5", "path": "data/raw.txt", "md5": hashlib.md5(b"a\nb\n").hexdigest()}
x = {"hash": "md5", "path": "x.txt", "md5": hashlib.md5(b"x\n").hexdigest()}
def name(outs):
    d = {"cmd": "echo x > x.txt", "deps": [raw], "outs": outs}
    return hashlib.sha256(json.dumps(d, sort_keys=True).encode()).hexdigest()
key = name(["x.txt"])
print(key[:2] + "/" + key + "/" + name([x]))
PY
)
ok "an entry in the run cache" test -f "$entry"
is "$(head -2 "$entry" | tr '\n' '|')" "cmd: echo x > x.txt|deps:|" "as a stage of dvc.lock"
is "$(find .dvc/cache/runs -type f | wc -l)" 3 "none of what persists"
rm -rf .mlops/mlops.db parts prep.txt x.txt dvc.lock
is "$(outcomes)" "prep=restored eval=ran each@x=restored each@y+z=unchanged" "results come back from the run cache"
ok "with their bytes" cmp join.sh parts/sub/é.sh
ok "and are pinned again" grep -q "md5: $md5_parts.dir" dvc.lock

# a change
cp want.lock dvc.lock
sed -i '1i # a note' dvc.lock
sed -i 's/ratio: 1.0/ratio: 2.0/' params.yaml
run mlops run --explain
like "$err" "ratio changed 1.0 -> 2.0" "why it would run"
is "$(outcomes)" "prep=ran eval=unchanged each@x=unchanged each@y+z=unchanged" "only what changed runs"
is "$(sed '1d' dvc.lock | diff want.lock - | grep '^[<>]' | tr '\n' '|')" "<         ratio: 1.0|>         ratio: 2.0|" "and only that changes in dvc.lock"
is "$(head -1 dvc.lock)" "# a note" "comments stay"
done_testing
