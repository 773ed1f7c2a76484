# A pipeline that DVC 2 ran: names of text as if its lines ended in LF alone, a cache without files/md5.
. "$(dirname "$0")/../lib/tap.sh"

md5() { sed 's/\r$//' "$1" | md5sum | cut -c-32; }
keep() { # FILE: into the cache as DVC 2 had it
	tap_md5=$(md5 "$1")
	mkdir -p ".dvc/cache/$(echo "$tap_md5" | cut -c1-2)"
	cp "$1" ".dvc/cache/$(echo "$tap_md5" | cut -c1-2)/$(echo "$tap_md5" | cut -c3-)"
}
new_project
mkdir .dvc
printf '/tmp\n/cache\n' >.dvc/.gitignore
printf '[core]\n    analytics = false\n' >.dvc/config
printf 'a\r\nb\r\n' >in
cat >dvc.yaml <<'YAML'
stages:
  copy: {cmd: cp in out && echo >>log, deps: [in], outs: [out]}
  count: {cmd: wc -c <out >n && echo >>log, deps: [out], outs: [n]}
YAML
cp in out && wc -c <out >n
keep out && keep n
cat >dvc.lock <<YAML
schema: '2.0'
stages:
  copy:
    cmd: cp in out && echo >>log
    deps:
    - path: in
      md5: $(md5 in)
      size: 6
    outs:
    - path: out
      md5: $(md5 out)
      size: 6
  count:
    cmd: wc -c <out >n && echo >>log
    deps:
    - path: out
      md5: $(md5 out)
      size: 6
    outs:
    - path: n
      md5: $(md5 n)
      size: $(($(wc -c <n)))
YAML
cp dvc.lock before
run mlops run
rc_is 0 "run"
like "$err" "everything is up to date" "what it pinned is up to date"
fails "nothing ran" test -e log
ok "the lock keeps its bytes" cmp dvc.lock before
rm out n
run mlops run
like "$err" "stage 'copy': restored" "an output comes back from that cache"
is "$(od -An -c out | tr -d ' ')" 'a\r\nb\r\n' "with its bytes"
fails "and nothing ran" test -e log
ok "the lock keeps its bytes" cmp dvc.lock before
rm out
ok "checkout" mlops checkout
ok "brings it back too" test -e out
printf 'a\nb\n' >in
run mlops run
like "$err" "everything is up to date" "other ends of lines are no change"
printf 'c\r\n' >in
run mlops run
like "$err" "stage 'copy': runs" "another text is"
like dvc.lock "hash: md5" "and then has a name as DVC 3 gives them"
run mlops run
like "$err" "everything is up to date" "which is up to date"
done_testing
