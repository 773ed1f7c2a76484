# mlops run --on a kubernetes engine, against a server that runs the commands of Jobs here.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/uses.sh"

# start_cluster NAME [KEY CERT AUTHORITY]: sets $cluster, its folder.
start_cluster() {
	cluster=$tap_root/$1
	mkdir "$cluster"
	shift
	python3 -I -S "$tap_src/tests/lib/kubed.py" "$cluster" "$@" 2>"$cluster/errors" &
	cleanup "kill $! 2>/dev/null"
	wait_for 20 test -s "$cluster/url" || { diag <"$cluster/errors"; exit 1; }
}

# kubeconfig USER [CLUSTER]: writes $KUBECONFIG; both are YAML of what goes beside.
kubeconfig() {
	cat >"$KUBECONFIG" <<-CONFIG
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {server: "$(cat "$cluster/url")" ${2:+, $2}}}]
		users: [{name: u, user: {$1}}]
		contexts: [{name: x, context: {cluster: c, user: u, namespace: team}}]
		current-context: x
	CONFIG
}

KUBECONFIG=$tap_root/kubeconfig
export KUBECONFIG
start_cluster plain
kubeconfig 'token: good'

new_project
mlops remote add store "$tap_root/remote"
mlops config engine.k8s.type kubernetes
mlops config engine.k8s.image run
mkdir -p data src
printf '1\n2\n' >data/in
echo 'cat data/in' >src/prog
echo 'k: 5' >params.yaml
echo untold >'un told'
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd:
      - 'cat ../data/in ../params.yaml "../un told" > ../made/all; echo "$MLOPS_STAGE $WHAT"; test -e prog; echo "$(echo "in \$(WHAT)") $$" > /dev/null; echo "one$(echo two)"'
      - [sh, -c, 'mkdir tree; ln -s ../x tree/link; echo $0 > tree/file; chmod +x tree/file; echo told >&2', "it's"]
    wdir: src
    deps: [../data, ../data/in]
    params: [../params.yaml: [k]]
    outs: [../made/all, tree]
    env: {WHAT: "a 'b' $HOME"}
    resources: {cpus: 2, memory: 1GiB, gpus: 1}
    timeout: 90s
  use: {cmd: 'wc -l < made/all > lines; mkdir empty', deps: [made/all], outs: [lines, empty]}
YAML
git add -A && git commit -qm all
run mlops run --on k8s
rc_is 0 "stages run as jobs"
like "$out" "^make a 'b' .HOME$" "what they print is seen, and they have their variables"
like "$out" "^onetwo$" "dollars are those of the shell"
like "$out" "^told$" "on both streams"
is "$(tr '\n' ' ' <made/all)" "1 2 k: 5 untold " "dependencies, parameters and code are there"
is "$(cat src/tree/file)" "it's" "with all their commands"
is "$(readlink src/tree/link)" "../x" "symlinks come back as such"
ok "and modes" test -x src/tree/file
is "$(cat lines)" 4 "a stage gets what another made"
ok "and empty folders come back" test -d empty
like "$cluster/requests" "^POST /apis/batch/v1/namespaces/team/jobs$" "in the namespace of the context"
is "$(grep -c ^DELETE "$cluster/requests")" 2 "jobs are deleted that succeeded"
job=$(echo "$cluster"/mlops-make-*.json)
cp "$job" "$out"
json_is 'd["spec"]["template"]["spec"]["containers"][0]["resources"]' \
	'{"limits":{"memory":"1073741824","nvidia.com/gpu":"1"},"requests":{"cpu":"2","memory":"1073741824"}}' "resources"
json_is '[d["spec"]["backoffLimit"],d["spec"]["activeDeadlineSeconds"],d["metadata"]["annotations"]["mlops/stage"]]' \
	'[0,150,"make"]' "and limits"
is "$(ls -A .mlops/tmp)" "" "nothing is left here"
run mlops run
like "$err" "everything is up to date" "the lock does not depend on where a stage ran"

# What it used there.
uses_much k8s

cat >mlops.yaml <<'YAML'
stages:
  s: {cmd: 'echo half > out; exit 7', outs: [out], engine: k8s}
YAML
run mlops run
rc_is 1 "a command that fails there"
like "$err" "its command exited with status 7" "has its status"
ok "its outputs do not come back" test ! -e out
sed -i 's/exit 7/kill -9 $$/' mlops.yaml
run mlops run
like "$err" "ended by signal 9" "or a signal"
sed -i 's/echo.*\$\$/true/' mlops.yaml
run mlops run
like "$err" "did not write its output 'out'" "an output that is not there"
sed -i "s/'true'/'test -e ..\\/..\\/..\\/..\\/$(basename "$tap_root")x || exit 3'/; s/engine:/retries: {limit: 1, delay: 1s}, engine:/" mlops.yaml
run mlops run
like "$err" "status 3; try 2 of 2 follows" "a stage is tried again under the same name"
like "$err" "status 3$" "to its end"

cat >mlops.yaml <<'YAML'
stages:
  s: {cmd: 'echo "$TOKEN" > out', outs: [out], secrets: [TOKEN], engine: k8s}
YAML
run mlops run
rc_is 1 "secrets"
like "$err" "no Secret is named that has them" "are of a Secret"
mlops config engine.k8s.secret vault
run mlops run
is "$(cat out)" "TOKEN of vault" "whose keys are their names"

printf 'stages: {s: {cmd: "echo 1; echo 2; echo 3; sleep 1.5; echo 4; echo y > out", outs: [out]}}\n' >mlops.yaml
mlops config engine.k8s.image cut
run mlops run --on k8s
rc_is 0 "a log that is cut"
is "$(grep '^[1-4]$' "$out" | tr '\n' ' ')" "1 2 3 4 " "goes on where it stopped"
mlops config engine.k8s.image full
run mlops run --on k8s -f
rc_is 0 "a cluster that is full at first"
is "$(grep -c 'waits: 0/3 nodes are available' "$err")" 1 "is told of, once"
mlops config engine.k8s.image absent
run mlops run --on k8s -f
rc_is 1 "an image that is not there"
like "$err" "cannot start: no such image: absent" "is told of"
mlops config engine.k8s.image killed
run mlops run --on k8s -f
like "$err" "ended with status 137: OOMKilled" "so is a lack of memory"
mlops config engine.k8s.image late
run mlops run --on k8s -f
like "$err" "Job was active longer than specified deadline" "and a job whose time is up"
mlops config engine.k8s.image drained
run mlops run --on k8s -f
like "$err" "pod 'mlops-s-.*' was deleted" "a pod that is gone in the middle"
mlops config engine.k8s.image lost
run mlops run --on k8s -f
like "$err" "is lost with its node: Taint manager: deleting" "or is lost with its node"
mlops config engine.k8s.image quota
mlops config engine.k8s.pending 2s
run mlops run --on k8s -f
like "$err" "waits: exceeded quota" "a quota is told of"
like "$err" "did not start in time: exceeded quota" "also at the end"
mlops config --unset engine.k8s.pending
mlops config engine.k8s.image away
printf 'stages: {s: {cmd: "sleep 6; echo y > out", outs: [out]}}\n' >mlops.yaml
run mlops run --on k8s -f
rc_is 0 "a server that is away for a while" || diag <"$err"
is "$(grep -c "not ready yet.*it is tried again" "$err")" 1 "is told of, once"
mlops config engine.k8s.image run

printf 'stages: {s: {cmd: "trap \\"echo bye; exit 1\\" TERM; echo $$ > %s; sleep 1000 & wait", outs: [out]}}\n' \
	"$tap_root/pid" >mlops.yaml
mlops run --on k8s >"$tap_root/long" 2>&1 &
run_pid=$!
ok "a stage that takes long" wait_for 60 test -s "$tap_root/pid"
kill -TERM $run_pid
wait $run_pid
is $? 143 "is ended by a signal"
ended() { ! kill -0 "$(cat "$tap_root/pid")" 2>/dev/null; }
ok "also there" wait_for 20 ended
run tail -1 "$cluster/requests"
like "$out" "^DELETE .*/jobs/mlops-s-" "by deleting its job"

# Logging in.
printf 'stages: {s: {cmd: "echo 1 > out", outs: [out]}}\n' >mlops.yaml
kubeconfig 'token: bad'
run mlops run --on k8s
rc_is 4 "a token that is not taken"
like "$err" "stage 's' failed: Kubernetes: .*Unauthorized" "with the words of the server"
kubeconfig 'exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", "echo \"{\\\"status\\\": {\\\"token\\\": \\\"$WORD\\\"}}\""], env: [{name: WORD, value: good}]}'
run mlops run --on k8s
rc_is 0 "a program that logs in"
sed -i 's/value: good/value: bad/' "$KUBECONFIG"
run mlops run --on k8s -f
rc_is 4 "one that gives a bad token"
diag <"$tap_root/token.log"; echo good >"$tap_root/token"
kubeconfig "token: bad, tokenFile: token"
run mlops run --on k8s -f
rc_is 0 "a file with a token"
# The token of a pod is replaced while it runs.
printf 'stages: {s: {cmd: "echo next > %s; until [ -e %s ]; do sleep 0.1; done; echo 1 > out", outs: [out]}}\n' \
	"$cluster/token" "$tap_root/go" >mlops.yaml
mlops run --on k8s -f >"$tap_root/token.log" 2>&1 &
run_pid=$!
ok "one that is not taken any more" wait_for 60 grep -q "Unauthorized .*it is tried again" "$tap_root/token.log"
echo next >"$tap_root/token"
touch "$tap_root/go"
wait $run_pid
is $? 0 "is read again" || diag <"$tap_root/token.log"
rm "$cluster/token"
printf 'stages: {s: {cmd: "echo 1 > out", outs: [out]}}\n' >mlops.yaml
kubeconfig 'token: good' 'insecure-skip-tls-verify: true'
run mlops run --on k8s -f
like "$err" "is not to be verified" "no server is taken unverified"
KUBECONFIG=/nowhere run mlops run --on k8s -f
like "$err" "/nowhere" "no kubeconfig"
printf 'current-context: y\n' >"$KUBECONFIG"
run mlops run --on k8s -f
like "$err" "has no context named 'y'" "no such context"

command -v openssl >/dev/null || done_testing
cd "$tap_root"
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority 2>/dev/null
for name in server client; do
	openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out $name.crt \
		-copy_extensions copy 2>/dev/null
done
cd "$scratch/project1"
start_cluster tls "$tap_root/server.key" "$tap_root/server.crt" "$tap_root/ca.crt"
kubeconfig "client-certificate-data: $(base64 -w0 "$tap_root/client.crt"), client-key: client.key" \
	"certificate-authority: $tap_root/ca.crt"
run mlops run --on k8s -f
rc_is 0 "a certificate of ours, and an authority of theirs"
kubeconfig "client-certificate: client.crt, client-key: client.key"
run mlops run --on k8s -f
rc_is 4 "a server of an unknown authority is refused"
kubeconfig "token: good" "certificate-authority: ca.crt"
run mlops run --on k8s -f
rc_is 4 "and so are we without a certificate"
done_testing
