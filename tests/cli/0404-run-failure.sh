# mlops run when stages fail, are interrupted, or when two runs meet.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  good: {cmd: echo good > good, outs: [good]}
  bad: {cmd: "echo part > bad; exit 7", deps: [good], outs: [bad]}
  after: {cmd: cp bad after, deps: [bad], outs: [after]}
  other: {cmd: echo other > other, outs: [other]}
YAML
run mlops run
rc_is 1 "a stage fails"
like "$err" "stage 'bad' failed: its command exited with status 7" "it is named"
like "$out" '1 ran, .* 1 failed' "what ran is summed up"
fails "nothing runs after it" test -e other
ok "what finished is pinned" grep -q '^  good:' mlops.lock
fails "what failed is not" grep -q '^  bad:' mlops.lock
run mlops runs show last --json
json_is 'd["status"]' FAILED "the run is recorded as failed"
json_is 'd["exit_status"]' 7 "with the status of the stage"
json_is '[s["name"] for s in d["stages"]]' '["good","bad"]' "and the stages"

run mlops run -k --json
rc_is 1 "--keep-going still fails"
schema_ok run.json
json_is '[s["outcome"] for s in d["stages"]]' '["unchanged","failed","skipped","ran"]' "but runs what does not need it"

sed 's/exit 7/exit 0/' mlops.yaml >new && mv new mlops.yaml
run mlops run
rc_is 0 "mended, it goes on"
unlike "$err" "stage 'good'" "from where it was"

cat >mlops.yaml <<'YAML'
stages:
  liar: {cmd: "true", outs: [nothing]}
YAML
run mlops run
rc_is 1 "an output that is not written"
like "$err" "stage 'liar' did not write its output 'nothing'" "is a failure"
cat >mlops.yaml <<'YAML'
stages:
  crash: {cmd: kill -9 $$}
YAML
run mlops run
like "$err" "ended by signal 9" "a signal is named"
cat >mlops.yaml <<'YAML'
stages:
  needy: {cmd: "true", deps: [absent]}
YAML
run mlops run
rc_is 1 "a dependency that is not there"
like "$err" "mlops.yaml:2:31: dependency 'absent' does not exist" "is shown where it is named"

# interrupted: the whole group of processes goes, and the run is recorded
new_project
cat >mlops.yaml <<'YAML'
stages:
  quick: {cmd: echo 1 > quick, outs: [quick]}
  slow: {cmd: "sleep 300 & echo $! > child; touch started; wait", deps: [quick]}
YAML
interrupted() {
	rm -f started
	mlops run >"$out" 2>"$err" &
	pid=$!
	wait_for 20 test -e started
	kill -"$1" $pid
	wait $pid
	rc=$?
}
interrupted TERM
rc_is 143 "SIGTERM"
gone() { ! kill -0 "$1" 2>/dev/null; }
ok "ends what the stage started" wait_for 20 gone "$(cat child)"
like "$err" "stage 'slow' was interrupted" "is said"
ok "what finished is pinned" grep -q '^  quick:' mlops.lock
run mlops runs show last --json
json_is '(d["status"], d["exit_status"])' '["KILLED",143]' "and the run recorded as killed"
interrupted HUP
rc_is 143 "SIGHUP, when the terminal is closed"
ok "ends what the stage started" wait_for 20 gone "$(cat child)"
# a shell ignores SIGINT in what it starts in the background, so Python starts it
cat >sigint.py <<'PY'
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
p = subprocess.Popen(["mlops", "run"])
while not os.path.exists("started"):
    time.sleep(0.02)
p.send_signal(signal.SIGINT)
sys.exit(p.wait())
PY
rm -f started
run python3 sigint.py
rc_is 130 "SIGINT"

# one run at a time, also when the first was killed and its stage was not
cat >mlops.yaml <<'YAML'
stages:
  slow: {cmd: "trap '' TERM; touch started; while test ! -e stop; do sleep 0.05; done; mlops status > inner; true"}
YAML
rm -f started
mlops run >/dev/null 2>&1 &
pid=$!
wait_for 20 test -e started
MLOPS_CORE_LOCKTIMEOUT=100ms run mlops run
rc_is 5 "a second run is refused"
like "$err" "another 'mlops run' is at work" "with the reason"
ok "other commands work meanwhile" mlops status
kill -9 $pid
wait $pid 2>/dev/null
MLOPS_CORE_LOCKTIMEOUT=100ms run mlops run
rc_is 5 "a run while the stage of a killed one lives"
like "$err" "a stage of a run that was killed is still at work" "is refused"
touch stop
run mlops run
rc_is 0 "then it runs"
ok "a stage can call mlops" test -e inner

done_testing
