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
rm -f out
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
mlops config engine.k8s.pending 60s

# The job as the server took it, while its pod waits.
job_is() { kube get jobs -o "jsonpath={.items[0].spec.$1}"; }
mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
ok "another waits" wait_for 60 told
is "$(job_is 'template.spec.containers[0].resources')" \
	'{"limits":{"memory":"67108864"},"requests":{"cpu":"1","memory":"67108864"}}' "its resources are limited"
is "$(job_is backoffLimit)/$(job_is activeDeadlineSeconds)" 0/360 "and its tries and its time"
kill -TERM $run_pid
wait $run_pid
is $? 143 "it is ended"
ok "and gone" wait_for 60 gone

# A pod that nobody will tell the end of: it was deleted, and has no kubelet.
start_pod() {
	wait_for 60 sh -c "'$kubectl' --kubeconfig '$KUBECONFIG' -n '$space' get pods -o name | grep -q ." || return 1
	kube patch "$(kube get pods -o name | head -1)" --subresource=status --type=merge -p '{"status":{"phase":"Running","containerStatuses":[
		{"name":"stage","image":"i","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}}]}}' >/dev/null
}
: >"$tap_root/run"
mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
ok "a pod that runs" start_pod
kube delete pods --all --force --grace-period=0 >/dev/null 2>&1
wait $run_pid
is $? 1 "and is deleted"
like "$tap_root/run" "pod 'mlops-s-.*' was deleted|job 'mlops-s-.*' failed: " "ends its stage" || diag <"$tap_root/run"
ok "with its job" wait_for 60 gone

# An image that no node has: the kubelet's words.
mlops run --on k8s >"$tap_root/run" 2>&1 &
run_pid=$!
refuse() {
	wait_for 60 sh -c "'$kubectl' --kubeconfig '$KUBECONFIG' -n '$space' get pods -o name | grep -q ." || return 1
	kube patch "$(kube get pods -o name | head -1)" --subresource=status --type=merge -p '{"status":{"phase":"Pending","containerStatuses":[
		{"name":"stage","image":"i","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{
		"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}}' >/dev/null
}
ok "an image that cannot be had" refuse
wait $run_pid
is $? 1 "ends its stage"
like "$tap_root/run" "cannot start: Back-off pulling image" "with the reason"
ok "and its job is gone" wait_for 60 gone

# A quota.
kube create quota none --hard=pods=0 >/dev/null
mlops config engine.k8s.pending 5s
run mlops run --on k8s
like "$err" "did not start in time: .*exceeded quota: none" "a quota is told of"
kube delete quota none >/dev/null
mlops config engine.k8s.pending 60s

# The server goes away in the middle, as when it restarts: connections end, none are taken for a while.
cat >"$tap_root/proxy.py" <<'PYTHON'
import socket, sys, threading, os
def copy(a, b):
    try:
        while data := a.recv(65536): b.sendall(data)
    except OSError: pass
    for s in (a, b):
        try: s.shutdown(socket.SHUT_RDWR)
        except OSError: pass
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("127.0.0.1", int(sys.argv[2]))); l.listen(64)
open(sys.argv[3] + ".new", "w").write(str(l.getsockname()[1])); os.rename(sys.argv[3] + ".new", sys.argv[3])
while True:
    c, _ = l.accept(); s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for x, y in ((c, s), (s, c)): threading.Thread(target=copy, args=(x, y), daemon=True).start()
PYTHON
proxy() {
	rm -f "$tap_root/port"
	python3 -I -S "$tap_root/proxy.py" "${KUBE_ENDPOINT##*:}" "$1" "$tap_root/port" 2>"$tap_root/proxy.err" &
	proxy_pid=$!
	cleanup "kill $proxy_pid 2>/dev/null"
	wait_for 20 test -s "$tap_root/port"
}
ok "a proxy" proxy 0
proxy_port=$(cat "$tap_root/port")
sed "s|server: \"[^\"]*\"|server: \"https://127.0.0.1:$proxy_port\"|" "$KUBECONFIG" >"$tap_root/kubeconfig"
echo 0 >status
mlops config --local engine.k8s.kubeconfig "$tap_root/kubeconfig"
mlops run --on k8s -f >"$tap_root/run" 2>&1 &
run_pid=$!
ok "the pod waits" wait_for 60 told
kill $proxy_pid
away() { grep -q "it is tried again" "$tap_root/run"; }
ok "the server is away" wait_for 60 away
kubelet
ok "and back" proxy "$proxy_port"
wait $run_pid
is $? 0 "which a stage survives" || diag <"$tap_root/run"
is "$(grep -c "it is tried again" "$tap_root/run")" 1 "it is told of once"
ok "its job is gone" wait_for 60 gone
mlops config --local --unset engine.k8s.kubeconfig

# In a pod: by its service account, of which there is a folder.
kube create serviceaccount runner >/dev/null
kube create role runner --verb=get,list,create,delete --resource=jobs.batch,pods,pods/log,events >/dev/null
kube create rolebinding runner --role=runner --serviceaccount="$space:runner" >/dev/null
mkdir "$tap_root/account"
kube create token runner >"$tap_root/account/token"
cp "$KUBE_CA" "$tap_root/account/ca.crt"
printf %s "$space" >"$tap_root/account/namespace"
mlops config --unset engine.k8s.namespace
# in_pod COMMAND: where that folder is in its place.
in_pod() {
	env -u KUBECONFIG KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="${KUBE_ENDPOINT##*:}" \
		unshare -rm sh -c 'at=$(readlink -f /var/run) && mount -t tmpfs none "$at" &&
			mkdir -p "$at/secrets/kubernetes.io" && cp -r "$0" "$at/secrets/kubernetes.io/serviceaccount" && exec "$@"' \
		"$tap_root/account" "$@"
}
if in_pod true 2>/dev/null; then
	in_pod mlops run --on k8s -f >"$tap_root/run" 2>&1 &
	run_pid=$!
	ok "a service account makes a job" kubelet
	wait $run_pid
	is $? 0 "and sees it through" || diag <"$tap_root/run"
	ok "its job is gone" wait_for 60 gone
	echo wrong >"$tap_root/account/token"
	run in_pod mlops run --on k8s -f
	rc_is 4 "one whose token is wrong"
	like "$err" "Unauthorized" "is refused"
else
	skip "there are no namespaces of users here" "a service account"
fi
mlops config engine.k8s.namespace "$space"

# On the node: its pods end at once, having said nothing.
mlops config --unset engine.k8s.nodeSelector
run mlops run --on k8s -f
rc_is 1 "a pod in which nothing ran"
like "$err" "ended with status 0" "gives no outputs"
mlops config engine.k8s.context viewer
run mlops run --on k8s -f
rc_is 4 "a user who may not make jobs"
like "$err" "jobs.batch is forbidden: User .*viewer" "is told so"
done_testing
