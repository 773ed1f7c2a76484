# mlops run --watch and --interactive.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir dir
echo 1 >in
echo 1 >dir/f
echo 'k: 1' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  s: {cmd: 'cat in dir/* params.yaml > out; echo ran >> count', deps: [in, dir], params: [k], outs: [out]}
YAML
mlops run --watch >"$out" 2>"$err" &
pid=$!
waits() { [ "$(grep -c 'waiting for a change' "$err")" = "$1" ]; }
ok "it runs at once, and waits" wait_for 20 waits 1
is "$(wc -l <count | tr -d ' ')" 1 "the stage ran"
echo 2 >in
ok "a changed file" wait_for 20 waits 2
is "$(wc -l <count | tr -d ' ')" 2 "runs it again"
echo new >dir/new
ok "a new file in a folder" wait_for 20 waits 3
printf 'k: 2\n' >params.new && mv params.new params.yaml
ok "a file that an editor replaces" wait_for 20 waits 4
is "$(head -1 out; tail -1 out)" "2
k: 2" "all were seen"
sed -i 's/count/nowhere\/count/' mlops.yaml
ok "a pipeline that now fails" wait_for 20 waits 5
like "$err" "mlops: stage 's' failed" "says so and waits"
kill -TERM $pid
wait $pid
rc=$?
rc_is 143 "it ends by a signal"

new_project
printf 'stages:\n  a: {cmd: touch a, outs: [a]}\n  b: {cmd: touch b, outs: [b]}\n  c: {cmd: touch c, deps: [a]}\n' >mlops.yaml
printf 'n\ny\n' >answers
run mlops run -i <answers
rc_is 0 "asked"
ok "what is confirmed runs" test -e b
ok "what is not does not" test ! -e a
like "$err" "stage 'a': it was not run before" "the reason is shown"
like "$err" "stage 'c': skipped: stage 'a', which it needs, was skipped" "what needs it is skipped"

done_testing
