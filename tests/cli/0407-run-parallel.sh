# mlops run -j: stages side by side, what they print, the job tokens of make, and failures.
. "$(dirname "$0")/../lib/tap.sh"

new_project
# each of the two ends only once the other has begun
cat >mlops.yaml <<'YAML'
stages:
  left: {cmd: 'touch left; while ! test -e right; do sleep 0.02; done; echo l', outs: [left]}
  right: {cmd: 'touch right; while ! test -e left; do sleep 0.02; done; echo r >&2', outs: [right]}
  join: {cmd: cat left right > join; printf no-end, deps: [left, right], outs: [join]}
YAML
run timeout 60 mlops run -j2
rc_is 0 "two stages run side by side"
like "$out" "^left: l" "what one prints has its name in front"
like "$err" "^right: r" "and goes where it was printed to"
like "$out" "^join: no-end$" "a line without an end gets one"
run mlops run -j 8
like "$err" "everything is up to date" "all is pinned"
run mlops runs show last --json
json_is 'sorted(s["name"] for s in d["stages"])' '["join","left","right"]' "and recorded"

run mlops run logs left
is "$(cat "$out")" l "the log of a stage"
run mlops run logs right --run last
is "$(cat "$out")" r "holds what went to standard error too"
run mlops run logs join --json
schema_ok run-logs.json
json_is '(d["stage"], d["path"].endswith("/join.log"))' '["join",true]' "as JSON: where it lies"
run mlops run logs absent
rc_is 1 "the log of no stage"
like "$err" "stage 'absent' was executed in no run" "is said"
run mlops run left right -f -j2
run mlops run logs join --run last
rc_is 1 "the log of a run that the stage was not in"
like "$err" "stage 'join' was not executed in run" "is said"

run mlops run -j -1
rc_is 2 "a negative number of jobs"
like "$err" "the number of jobs must be" "is refused"

# the order is that of the file when one runs at a time
new_project
cat >mlops.yaml <<'YAML'
stages:
  c: {cmd: echo c >> order}
  a: {cmd: echo a >> order, deps: [late]}
  d: {cmd: echo d >> order}
  late: {cmd: echo late >> order; touch late, outs: [late]}
YAML
run mlops run
is "$(tr '\n' ' ' <order)" "c late a d " "one at a time: the order of the file, needs first"

# a failure lets the others end, and starts no more
new_project
cat >mlops.yaml <<'YAML'
stages:
  fails: {cmd: 'while ! test -e begun; do sleep 0.02; done; exit 7'}
  ends: {cmd: 'touch begun; sleep 0.3; echo x > ends', outs: [ends]}
  never: {cmd: touch never}
  late: {cmd: touch late-ran, deps: [ends]}
YAML
run timeout 60 mlops run -j2
rc_is 1 "a stage fails"
ok "one beside it ends" test -e ends
ok "and is pinned" grep -q '^  ends:' mlops.lock
ok "no other begins" test ! -e never -a ! -e late-ran
run timeout 60 mlops run -j2 -k
ok "with -k the others do" test -e never -a -e late-ran

# an interrupt ends all of them
new_project
cat >mlops.yaml <<'YAML'
stages:
  one: {cmd: 'sleep 300 & echo $! > one; touch s1; wait'}
  two: {cmd: 'sleep 300 & echo $! > two; touch s2; wait'}
YAML
mlops run -j2 >"$out" 2>"$err" &
pid=$!
both() { test -e s1 && test -e s2; }
wait_for 20 both
kill -TERM $pid
wait $pid
rc=$?
rc_is 143 "SIGTERM with two at work"
gone() { ! kill -0 "$1" 2>/dev/null; }
ok "ends the first" wait_for 20 gone "$(cat one)"
ok "and the second" wait_for 20 gone "$(cat two)"

# make and its jobs: the stage's own make finds the pool; a make above us is asked for jobs
new_project
cat >inner.mk <<'MK'
all: x y
x: ; @touch x-began; while ! test -e y-began; do sleep 0.02; done
y: ; @touch y-began; while ! test -e x-began; do sleep 0.02; done
MK
printf 'stages:\n  make: {cmd: make -f inner.mk}\n' >mlops.yaml
run timeout 60 mlops run -j2
rc_is 0 "a make in a stage runs its rules side by side"
unlike "$err" "warning" "without a complaint"
cat >mlops.yaml <<'YAML'
stages:
  left: {cmd: 'touch l; while ! test -e r; do sleep 0.02; done'}
  right: {cmd: 'touch r; while ! test -e l; do sleep 0.02; done'}
YAML
printf 'all: ; +@mlops run\n' >outer.mk
run timeout 60 make -j2 -f outer.mk
rc_is 0 "under make -j2 two stages run side by side"

done_testing
