# mlops.yaml: timeout, retries, resources.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >mlops.yaml <<'YAML'
stages:
  slow: {cmd: 'sleep 300 & echo $! > child; wait', timeout: 300ms}
YAML
run timeout 60 mlops run
rc_is 1 "a stage that takes too long"
like "$err" "stage 'slow' failed: it took longer than its timeout of 300 ms" "fails"
gone() { ! kill -0 "$1" 2>/dev/null; }
ok "with all that it started" wait_for 20 gone "$(cat child)"
like "$err" "^hint: .*mlops run logs slow" "and tells where its output is"

cat >mlops.yaml <<'YAML'
stages:
  flaky:
    cmd: ['test ! -e out', 'echo x >> tries; echo x > out', 'test $(wc -l < tries) -ge 3']
    outs: [out]
    retries: {limit: 3, delay: 10ms}
YAML
run timeout 60 mlops run
rc_is 0 "a stage that fails twice"
is "$(wc -l <tries | tr -d ' ')" 3 "is tried a third time, its outputs removed in between"
like "$err" "exited with status 1; try 2 of 4 follows" "each is told"
run mlops runs show last --json
json_is '(d["status"], d["stages"][0]["exit_status"])' '["FINISHED",0]' "and the run is well"
rm tries out
sed -i 's/limit: 3/limit: 1/; s/-ge 3/-ge 4/' mlops.yaml
run timeout 60 mlops run
rc_is 1 "once the tries are used up it has failed"
is "$(wc -l <tries | tr -d ' ')" 2 "after one try more"

# two stages that each need the whole machine never run together, others do
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: 'mkdir lock && sleep 0.3 && rmdir lock', resources: {cpus: 2}}
  b: {cmd: 'mkdir lock && sleep 0.3 && rmdir lock', resources: {cpus: 1, memory: 1MiB}}
  c: {cmd: 'mkdir lock2 && sleep 0.1 && rmdir lock2', resources: {memory: 64TiB}}
YAML
mlops config run.cpus 2
run timeout 60 mlops run -j3
rc_is 0 "stages share what the machine has"
cat >mlops.yaml <<'YAML'
stages:
  gpu@0: {cmd: 'echo $CUDA_VISIBLE_DEVICES > g0; while ! test -e g1; do sleep 0.02; done', resources: {gpus: 1}}
  gpu@1: {cmd: 'echo $CUDA_VISIBLE_DEVICES > g1; while ! test -e g0; do sleep 0.02; done', resources: {gpus: 1}}
YAML
run mlops run
rc_is 1 "a GPU where there is none"
like "$err" "stage 'gpu@0' needs 1 GPUs and this machine has 0" "is refused"
mlops config run.gpus 2
run timeout 60 mlops run -j2
rc_is 0 "two GPUs"
is "$(sort g0 g1 | tr '\n' ' ')" "0 1 " "one for each"

for bad in 'timeout: soon' 'timeout: 0s' 'retries: -1' 'retries: {limits: 1}' 'resources: {cpu: 1}' 'resources: {memory: lots}'; do
	printf 'stages: {s: {cmd: x, %s}}\n' "$bad" >mlops.yaml
	run mlops run
	rc_is 1 "$bad"
	like "$err" "mlops.yaml:1:[0-9]+: " "is shown where it is"
done

done_testing
