# Target kubernetes against a real API server, its controllers and scheduler, with models in a real
# registry. On its one node pods are ready at once and nothing runs in them; this script is the kubelet
# where one is to fail.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"
. "$tap_src/tests/lib/deploy.sh"

peer k8s || done_testing
peer registry || done_testing
kubectl=${MLOPS_PEERS_DIR:-$peer_home/.cache/mlops-peers}/bin/kubectl
[ -x "$kubectl" ] || kubectl=$(command -v kubectl)
space=mlops-deploy-$$
kube() { "$kubectl" --kubeconfig "$KUBECONFIG" -n "$space" "$@"; }
kube create namespace "$space" >/dev/null
cleanup "'$kubectl' --kubeconfig '$KUBECONFIG' delete namespace '$space' --wait=false >/dev/null 2>&1"

new_project
write_model one && add_version wine one
add=100 write_model two && add_version wine two
# spec MODEL [LINES]: writes mlops.yaml.
spec() {
	cat >mlops.yaml <<-YAML
		deployments:
		  prod:
		    model: $1
		    target: kubernetes
		    replicas: 2
		    timeout: 20s
		    runtime: {image: "example.org/server:1", command: [serve, --fast], port: 9000}
		    env: {LEVEL: info}
		    kubernetes: {namespace: $space, registry: "oci://$REGISTRY_HOST/wine-$$"}
		    ${2:-}
	YAML
}
of() { kube get "$1" prod -o "jsonpath={$2}"; }

spec wine:1 'resources: {cpus: 0.5, memory: 64MiB}'
run mlops deploy
rc_is 0 "a deployment"
like "$out" "^prod: revision 1 serves wine:1 on http://prod.$space.svc:80$" "is told of"
is "$(of deployment .status.availableReplicas)" 2 "its pods are ready"
container='.spec.template.spec.containers[0]'
is "$(of deployment "$container.image") $(of deployment "$container.command")" 'example.org/server:1 ["serve","--fast"]' "its container"
is "$(of deployment "$container.resources")" \
	'{"limits":{"memory":"67108864"},"requests":{"cpu":"500m","memory":"67108864"}}' "its resources"
is "$(of deployment "$container.env[?(@.name==\"LEVEL\")].value")" info "its environment"
is "$(of service '.spec.ports[0].port')/$(of service '.spec.ports[0].targetPort')" 80/http "its service"
is "$(kube get endpointslices -l kubernetes.io/service-name=prod -o 'jsonpath={.items[*].ports[*].port}')" 9000 "finds the pods"
is "$(of pdb .spec.maxUnavailable)" 1 "nodes are drained one by one"
image=$(of deployment '.spec.template.spec.volumes[0].image.reference')
digest=${image#*@}
like "$(printf %s "$image" >"$tap_root/image"; echo "$tap_root/image")" "^$REGISTRY_HOST/wine-$$@sha256:[0-9a-f]{64}$" "the model is an image by its digest"
is "$(curl -sf -o /dev/null -w '%{http_code}' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
	"http://$REGISTRY_HOST/v2/wine-$$/manifests/$digest")" 200 "which the registry has"
run mlops deployments show prod --json
schema_ok deployments-show.json
json_is 'd["running"]' true "it runs"
json_is 'd["active"]["config"]["replicas"]' 2 "as it was written"

run mlops deploy plan
is "$(cat "$out")" "prod: nothing on kubernetes" "a second time there is nothing to do"
spec wine:2 'autoscale: {min: 2, max: 5, cpu: 60}'
run mlops deploy plan
like "$out" 'model: wine:1 -> wine:2' "an update is planned"
like "$out" 'autoscale.max: 5' "with what is new"
like "$out" 'resources.cpus: 0.5 -> \(not said\)' "and what is no more"
run mlops deploy
rc_is 0 "and done"
is "$(of deployment '.metadata.annotations.mlops/model')" wine:2 "with the other model"
is "$(of hpa .spec.minReplicas)-$(of hpa .spec.maxReplicas)" 2-5 "that scales"
isnt "$(of deployment '.spec.template.spec.volumes[0].image.reference')" "$image" "from another image"
is "$(kube get pods -l mlops/revision=1 -o name)" "" "no pod is of the one before"

spec wine:1 'resources: {cpus: 4000}'
sed -i 's/20s/3s/' mlops.yaml
run mlops deploy
rc_is 3 "pods that find no node fail the gate"
like "$err" "revision 3 of 'prod' does not serve: .*nodes are available: 1 Insufficient cpu" "with the scheduler's words"
is "$(of deployment '.metadata.annotations.mlops/model')" wine:2 "what served before is back"
is "$(kube get pods -l mlops/revision=3 -o name)" "" "no pod is of the one that failed"
run mlops deployments show prod
like "$out" '^status *running$' "and serves"
like "$out" '^model *wine:2$' "as the history says"

# kubelet JSON: the status of the first pod of revision $1's container.
kubelet() {
	wait_for 60 sh -c "'$kubectl' --kubeconfig '$KUBECONFIG' -n '$space' get pods -l mlops/revision=$1 -o name | grep -q ." || return 1
	kube patch "$(kube get pods -l "mlops/revision=$1" -o name | head -1)" --subresource=status --type=merge -p \
		'{"status":{"containerStatuses":[{"name":"model","image":"i","imageID":"","ready":false,"restartCount":'"$2"',
		"state":{"waiting":'"$3"'},"lastState":'"$4"'}]}}' >/dev/null
}
sed -i 's/3s/60s/' mlops.yaml
mlops deploy >"$tap_root/deploy" 2>&1 &
deploy_pid=$!
ok "an image that cannot be had" kubelet 4 0 '{"reason":"ImagePullBackOff","message":"Back-off pulling image \"example.org/server:1\""}' '{}'
wait $deploy_pid
is $? 3 "fails at once"
like "$tap_root/deploy" "prod-[a-z0-9-]*: ImagePullBackOff: Back-off pulling image" "with the kubelet's words"
mlops deploy >"$tap_root/deploy" 2>&1 &
deploy_pid=$!
ok "a server that crashes" kubelet 5 3 '{"reason":"CrashLoopBackOff","message":"back-off"}' '{"terminated":{"reason":"Error","exitCode":7}}'
wait $deploy_pid
is $? 3 "fails"
like "$tap_root/deploy" "CrashLoopBackOff: Error with status 7" "with its status"
kube create quota none --hard=pods=2 >/dev/null
spec wine:1
sed -i 's/20s/3s/' mlops.yaml
run mlops deploy
rc_is 3 "a quota"
like "$err" "exceeded quota: none" "is told of"
kube delete quota none >/dev/null
is "$(of deployment '.metadata.annotations.mlops/model')" wine:2 "each time the one before is back"

# Somebody is killed in the middle; the next one puts it right.
spec wine:1 'resources: {cpus: 4000}'
mlops deploy >"$tap_root/deploy" 2>&1 &
deploy_pid=$!
ok "a deployer" wait_for 60 sh -c "'$kubectl' --kubeconfig '$KUBECONFIG' -n '$space' get pods -l mlops/revision=7 -o name | grep -q ."
mlops config --local core.lockTimeout 1ms
mlops deploy >"$tap_root/second" 2>&1
is $? 5 "a second one waits its turn"
mlops config --local --unset core.lockTimeout
kill -9 $deploy_pid
wait $deploy_pid 2>/dev/null
spec wine:1 'env: {A: b}'
sed -i '/LEVEL/d; s/20s/60s/' mlops.yaml
run mlops deploy
rc_is 0 "one that comes after it was killed" || diag <"$err"
run mlops deployments history prod --json
json_is '[(r["revision"], r["status"], r["reason"]) for r in d["revisions"]][:2]' '[[8,"ACTIVE",null],[7,"FAILED","interrupted"]]' "settles what it left"
is "$(of deployment '.metadata.annotations.mlops/revision')" 8 "and serves"
is "$(kube get hpa,pdb -o name | grep -c prod)" 1 "what is no longer wanted is gone"

run mlops rollback prod
rc_is 0 "a rollback"
like "$out" '^prod: revision 9 serves wine:2' "is a revision of its own"
is "$(of hpa .spec.maxReplicas)" 5 "with all that it had"

spec wine:1 'secrets: [TOKEN]'
run mlops deploy
rc_is 1 "a secret that is not set"
like "$err" "needs the secret TOKEN" "is asked for"
TOKEN=s3cret-value run mlops deploy
rc_is 0 "and goes into the cluster"
is "$(of secret .data.TOKEN | base64 -d)" s3cret-value "as a Secret"
ok "and nowhere else" sh -c "! grep -rqs s3cret-value .mlops"
run mlops deploy wine:2 --name prod
rc_is 0 "where it stays"

kube create deployment other --image=i >/dev/null
sed -i 's/prod:/other:/' mlops.yaml
run mlops deploy
rc_is 1 "what others made"
like "$err" "there is a Deployment 'other' that mlops did not make" "is left alone"
is "$(kube get deployment other -o 'jsonpath={.spec.template.spec.containers[0].image}')" i "as it was"
sed -i 's/other:/Prod_1:/' mlops.yaml
run mlops deploy
like "$err" "'Prod_1' cannot name a deployment on Kubernetes" "a name that it has no room for"
printf 'deployments:\n  x: {model: wine, target: kubernetes}\n' >mlops.yaml
run mlops deploy
like "$err" "deployment 'x' says no image to run" "one without an image"

run mlops undeploy prod --yes
rc_is 0 "undeploying"
is "$(kube get deployment,service,hpa,pdb,ingress,secret -o name | grep -c /prod)" 0 "removes all of it"
mkdir "$tap_root/none"
run env KUBECONFIG="$tap_root/none/config" mlops deployments
rc_is 0 "without a cluster the list is there"
# Written down, for others to apply.
spec wine:2 'ingress: {host: wine.example.org}'
sed -i 's/^  prod:/  handed:/' mlops.yaml
run mlops deploy export --push -o base
rc_is 0 "an export"
ok "is a kustomize base that the server takes" kube apply -k base
reference=$(kube get deployment handed -o 'jsonpath={.spec.template.spec.volumes[0].image.reference}')
is "$(curl -sf -o /dev/null -w '%{http_code}' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
	"http://$REGISTRY_HOST/v2/wine-$$/manifests/${reference#*@}")" 200 "and the model was pushed"
ok "its pods come up" kube rollout status deployment handed --timeout 30s
done_testing
