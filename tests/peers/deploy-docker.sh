# Target docker against a real Docker Engine. Its image has nothing but a small server.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"
. "$tap_src/tests/lib/deploy.sh"

${CC:-cc} -static -O1 -o server "$tap_src/tests/lib/tiny_server.c" 2>"$tap_root/cc" ||
	skip_all "a static program cannot be linked here: $(tail -1 "$tap_root/cc")"
peer docker || { done_testing; exit; }
engine() { curl -s --max-time 60 --unix-socket "$DOCKER_SOCKET" "$@"; }
image=mlops-test-$$
tar cf image.tar server
engine -o "$tap_root/import" -H 'Content-Type: application/x-tar' --data-binary @image.tar \
	"http://localhost/images/create?fromSrc=-&repo=$image&tag=1"
cleanup "curl -s --unix-socket '$DOCKER_SOCKET' -X DELETE 'http://localhost/images/$image:1?force=1' >/dev/null"
unset DOCKER_HOST

new_project
end_later prod
for n in one two; do
	mkdir $n && echo "$n" >$n/answer && add_version wine $n
done
# spec MODEL [LINES]: writes mlops.yaml.
spec() {
	cat >mlops.yaml <<-YAML
		deployments:
		  prod:
		    model: $1
		    target: docker
		    timeout: 20s
		    runtime: {image: "$image:1", command: /server}
		    docker: {host: "unix://$DOCKER_SOCKET"}
		    ${2:-}
	YAML
}
containers() { # how many of prod there are
	engine 'http://localhost/containers/json?all=1' -G --data-urlencode 'filters={"label":["mlops.deployment=prod"]}' |
		python3 -I -S -c 'import json, sys; print(len(json.load(sys.stdin)))'
}
inspect() { # inspect EXPRESSION, of the newest container
	id=$(engine 'http://localhost/containers/json?all=1' -G --data-urlencode 'filters={"label":["mlops.deployment=prod"]}' |
		python3 -I -S -c 'import json, sys; print(json.load(sys.stdin)[0]["Id"])')
	engine "http://localhost/containers/$id/json" | python3 -I -S -c "import json, sys; d = json.load(sys.stdin); print($1)"
}
before=$(containers)

spec wine:1 'resources: {cpus: 0.5, memory: 64MiB}'
run mlops deploy
rc_is 0 "a deployment"
u=$(url prod)
is "$(curl -s --max-time 20 "$u/anything")" one "answers by the gateway, with its model"
is "$(inspect '[d["HostConfig"]["NanoCpus"], d["HostConfig"]["Memory"]]')" "[500000000, 67108864]" "its resources are limited"
is "$(inspect 'sorted(e for e in d["Config"]["Env"] if e.startswith("MLOPS_"))')" \
	"['MLOPS_MODEL=wine', 'MLOPS_MODEL_PATH=/mnt/models', 'MLOPS_MODEL_VERSION=1']" "it knows what it serves"
is "$(inspect '[p["HostIp"] for p in d["HostConfig"]["PortBindings"]["8080/tcp"]]')" "['127.0.0.1']" "only this machine reaches it"
run mlops deploy plan
is "$(cat "$out")" "prod: nothing on docker" "a second time there is nothing to do"

spec wine:2 'strategy: {type: canary, steps: [{weight: 50, for: 500ms}]}'
run mlops deploy
rc_is 0 "an update, by a canary"
is "$(curl -s --max-time 20 "$u/anything")" two "has the other model at the same address"
is "$(containers)" $((before + 1)) "the container before is gone"

spec wine:1 'env: {CRASH: "no memory left"}'
run mlops deploy
rc_is 3 "a server that ends"
like "$err" "its container ended with status 3: cannot load the model: no memory left" "is told of in its words"
is "$(curl -s --max-time 20 "$u/anything")" two "what served before does"
spec wine:1 'env: {SICK: "1"}'
sed -i 's/20s/2s/' mlops.yaml
run mlops deploy
rc_is 3 "one that is not ready"
like "$err" "'/v2/health/ready' does not answer with 200 in time" "is told of"
is "$(containers)" $((before + 1)) "nothing is left of both"
spec wine:1
sed -i "s/$image:1/$image:none/" mlops.yaml
run mlops deploy
rc_is 4 "an image that cannot be had"
like "$err" "cannot pull '$image:none'|Docker: POST /images/create" "is named"

run mlops rollback prod
rc_is 0 "a rollback"
is "$(curl -s --max-time 20 "$u/anything")" one "has the first model"
spec wine:1 'secrets: [TOKEN]'
run mlops deploy
rc_is 1 "a secret that is not set"
TOKEN=s3cret-value run mlops deploy
rc_is 0 "one that is"
is "$(inspect '[e for e in d["Config"]["Env"] if e.startswith("TOKEN")]')" "['TOKEN=s3cret-value']" "reaches the server"
ok "and is nowhere kept" sh -c "! grep -rqs s3cret-value .mlops"
printf 'deployments:\n  x: {model: wine, target: docker, docker: {host: "%s"}}\n' "unix://$DOCKER_SOCKET" >mlops.yaml
run mlops deploy
like "$err" "deployment 'x' says no image to run" "a deployment without an image"
spec wine:1
sed -i "s|unix://.*sock|unix://$PWD/none|" mlops.yaml
run mlops deploy prod
like "$err" "cannot reach the Docker Engine at '$PWD/none'|runs elsewhere: docker.host is" "an engine that is not there"

printf 'deployments:\n  far: {model: wine, target: docker, runtime: {image: i}, docker: {host: "tcp://192.0.2.1:1"}}\n' >mlops.yaml
run mlops deploy far
rc_is 1 "an engine on another machine"
like "$err" "is on '192.0.2.1', and the gateway would be here" "is refused"

run mlops undeploy prod --yes
rc_is 0 "undeploying"
is "$(containers)" "$before" "removes the containers" || engine 'http://localhost/containers/json?all=1' | diag
done_testing
