# The kubernetes engine against a real API server, scheduler and job controller. Nothing runs in the pods of
# its one node, so for stages that are to run this script is the kubelet: it takes the command from the pod,
# runs it here, and writes the pod's status.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"

peer k8s || done_testing
kubectl=${MLOPS_PEERS_DIR:-$peer_home/.cache/mlops-peers}/bin/kubectl
[ -x "$kubectl" ] || kubectl=$(command -v kubectl)
kube() { "$kubectl" --kubeconfig "$KUBECONFIG" -n "$space" "$@"; }
space=mlops-test-$$
kube create namespace "$space" >/dev/null
cleanup "'$kubectl' --kubeconfig '$KUBECONFIG' delete namespace '$space' --wait=false >/dev/null 2>&1"

# kubelet: runs the next pod that waits, to its end.
kubelet() {
	wait_for 60 sh -c "'$kubectl' --kubeconfig '$KUBECONFIG' -n '$space' get pods -o name | grep -q ." || return 1
	kubelet_pod=$(kube get pods -o 'jsonpath={.items[0].metadata.name}')
	kube get pod "$kubelet_pod" -o 'jsonpath={.spec.containers[0].command[2]}' |
		sed "s|/dev/termination-log|$tap_root/end|; s/\\\$\\\$/\$/g" >"$tap_root/command"
	kube patch pod "$kubelet_pod" --subresource=status --type=merge -p '{"status":{"phase":"Running","containerStatuses":[
		{"name":"stage","image":"i","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}}]}}' >/dev/null
	: >"$tap_root/end"
	(cd / && unset KUBECONFIG && sh "$tap_root/command") >"$tap_root/pod.log" 2>&1
	kubelet_rc=$?
	[ $kubelet_rc = 0 ] && kubelet_phase=Succeeded || kubelet_phase=Failed
	python3 - "$tap_root/end" $kubelet_rc $kubelet_phase >"$tap_root/status" <<-'PYTHON'
		import json, sys
		end = {"exitCode": int(sys.argv[2]), "message": open(sys.argv[1]).read()}
		print(json.dumps({"status": {"phase": sys.argv[3], "containerStatuses": [{"name": "stage", "image": "i",
		      "imageID": "", "ready": False, "restartCount": 0, "state": {"terminated": end}}]}}))
	PYTHON
	kube patch pod "$kubelet_pod" --subresource=status --type=merge --patch-file "$tap_root/status" >/dev/null
}

new_project
mlops remote add store "$tap_root/remote"
mlops config engine.k8s.type kubernetes
mlops config engine.k8s.image example.org/image:1
mlops config engine.k8s.namespace "$space"
mlops config engine.k8s.nodeSelector "mlops-test=none"
echo 1 >in
cat >mlops.yaml <<'YAML'
stages:
  s:
    cmd: 'cat in > out; echo "$$ $(echo two)" > /dev/null; exit "$(cat status)"'
    deps: [in, status]
    outs: [out]
    env: {WHAT: "x"}
    resources: {cpus: 1, memory: 64MiB}
    timeout: 5m
YAML
echo 0 >status
mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
ok "a pod is made" kubelet
wait $run_pid
is $? 0 "a stage whose pod succeeds" || diag <"$tap_root/run"
is "$(cat out)" 1 "has its outputs"
gone() { [ -z "$(kube get jobs,pods -o name)" ]; }
ok "its job and pod are gone" wait_for 60 gone || kube get jobs,pods | diag
echo 9 >status
mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
ok "another" kubelet
wait $run_pid
like "$tap_root/run" "exited with status 9" "has the status of its command" || diag <"$tap_root/pod.log"
ok "and is gone" wait_for 60 gone

mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
told() { grep -q "waits: .*didn't match Pod's node affinity/selector" "$tap_root/run"; }
ok "one that waits for a node has the scheduler's words" wait_for 60 told
kill -TERM $run_pid
wait $run_pid
ok "is gone when the run is interrupted" wait_for 60 gone
mlops config engine.k8s.pending 3s
run mlops run --on k8s
like "$err" "did not start in time: .*nodes are available" "one that waits too long"

# On the node: its pods end at once, having said nothing.
mlops config --unset engine.k8s.nodeSelector
run mlops run --on k8s
rc_is 1 "a pod in which nothing ran"
like "$err" "ended with status 0" "gives no outputs"
mlops config engine.k8s.context viewer
run mlops run --on k8s
rc_is 4 "a user who may not make jobs"
like "$err" "jobs.batch is forbidden: User .*viewer" "is told so"
done_testing
