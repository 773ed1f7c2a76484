# Container registries as remotes: accounts, tokens, what is listed, faults, and our own server as one.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
start_cloud
host=${cloud_url#http://}
export MLOPS_HTTP_TIMEOUT=1s
make_data
head -c 9000000 /dev/urandom >more.bin
mlops track more.bin >"$tap_root/ok" && git add . && git commit -qm more
run mlops remote add origin "oci://$host/Team/data"
rc_is 0 "a name is looked at when it is used"
run mlops remote check
rc_is 1 "a repository has no capitals"
like "$err" 'oci://HOST' "and it says how it is written"
mlops remote remove origin
mlops remote add origin "oci://$host/team/data"

run mlops remote check
rc_is 0 "a registry that asks for nothing"
ok "push" mlops push
run mlops push --json
json_is 'd["objects"]' 0 "nothing to push again"
clone
ok "pull" mlops pull
same_data "with identical bytes"
is "$(curl -s "$cloud_url/v2/team/data/tags/list" | grep -o mlops- | wc -l)" 1 "one manifest lists what was put"
tag=$(curl -s "$cloud_url/v2/team/data/tags/list" | grep -o 'mlops-[0-9a-f]*')
is "mlops-$(curl -s "$cloud_url/v2/team/data/manifests/$tag" | sha256sum | cut -c-64)" "$tag" "its tag is its digest"
for n in 1 2 3; do
	echo "$n" >data/f1
	mlops track data >"$tap_root/ok" && mlops push >"$tap_root/ok" 2>&1
done
run mlops push --json
json_is 'd["objects"]' 0 "what several manifests list, on several pages of tags, is known"
run mlops remote check --write
rc_is 1 "a probe would stay there"

# What was put and is in no manifest was put by a push that was killed: it is listed by the next.
echo killed >data/killed
mlops track data >"$tap_root/ok"
echo "PUT /manifests/ 403" >"$cloud/faults"
run mlops push
rc_is 4 "a push whose manifest is refused"
like "$err" 'cannot list what was sent' "fails"
rm "$cloud/faults"
: >"$cloud/log"
run mlops push --json
json_is 'd["objects"]' 2 "the next has its objects still to push"
unlike "$cloud/log" 'POST .* 202' "but need not send them again"

# Accounts.
# used NAME RC [VAR=VALUE...]: a check with these in the environment.
used() {
	: >"$cloud/log"
	tap_what=$1 tap_rc=$2
	shift 2
	run env "$@" mlops remote check
	rc_is "$tap_rc" "$tap_what"
	unlike "$err" 'secret' "$tap_what: nothing of it is shown"
}
for kind in basic bearer; do
	echo $kind >"$cloud/registry"
	used "$kind: nobody" 4 A=b
	like "$err" 'docker login' "$kind: and it says how to log in"
	used "$kind: USER:PASSWORD of the environment" 0 MLOPS_REMOTE_TOKEN=me:secret-of-me
	used "$kind: a wrong password" 4 MLOPS_REMOTE_TOKEN=me:secret-wrong
	mkdir -p "$HOME/.docker"
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$host" "$(printf me:secret-of-me | base64)" >"$HOME/.docker/config.json"
	used "$kind: docker's file" 0 A=b
	echo more-$kind >data/more
	mlops track data >"$tap_root/ok"
	ok "$kind: push, which takes another token" mlops push
	printf '{"auths":{"other.example":{"auth":"%s"}}}' "$(printf me:secret-of-me | base64)" >"$HOME/.docker/config.json"
	used "$kind: not the account of another registry" 4 A=b
	mkdir -p "$scratch/podman/containers"
	printf '{"auths":{"%s/team":{"auth":"%s"}}}' "$host" "$(printf me:secret-of-me | base64)" >"$scratch/podman/containers/auth.json"
	used "$kind: podman's file, for a part of the registry" 0 XDG_RUNTIME_DIR="$scratch/podman"
	mkdir -p "$scratch/bin"
	cat >"$scratch/bin/docker-credential-stand" <<-'SH'
		#!/bin/sh
		host=$(cat); [ "$1" = get ] && [ "$host" = "$WANT_HOST" ] || exit 1
		printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}' "$host" "$HELPER_USER" "$HELPER_SECRET"
	SH
	chmod +x "$scratch/bin/docker-credential-stand"
	printf '{"credHelpers":{"%s":"stand"}}' "$host" >"$HOME/.docker/config.json"
	used "$kind: a helper program" 0 PATH="$scratch/bin:$PATH" WANT_HOST="$host" HELPER_USER=me HELPER_SECRET=secret-of-me
	printf '{"credsStore":"stand"}' >"$HOME/.docker/config.json"
	used "$kind: a helper for all" 0 PATH="$scratch/bin:$PATH" WANT_HOST="$host" HELPER_USER=me HELPER_SECRET=secret-of-me
	printf '{"credsStore":"../../bin/sh"}' >"$HOME/.docker/config.json"
	used "$kind: a helper is a name" 4 A=b
	rm "$HOME/.docker/config.json"
done
printf '{"credsStore":"stand"}' >"$HOME/.docker/config.json"
used "an identity token" 0 PATH="$scratch/bin:$PATH" WANT_HOST="$host" HELPER_USER='<token>' HELPER_SECRET=secret-of-identity
like "$cloud/log" 'POST /registry-auth 200' "goes to the token service by POST"
rm "$HOME/.docker/config.json"
echo "bearer ftp://127.0.0.1/x" >"$cloud/registry"
used "a token service that is none" 4 MLOPS_REMOTE_TOKEN=me:secret-of-me
rm "$cloud/registry"
echo basic >"$cloud/registry"
export MLOPS_REMOTE_ORIGIN_TOKEN=me:secret-of-me
first=$cloud first_url=$cloud_url
start_cloud
other=$cloud
cp "$first/registry" "$other/registry"
echo "$cloud_url" >"$first/away"
cloud=$first cloud_url=$first_url
: >"$other/log"
clone
echo "GET /blobs/ away" >"$cloud/faults"
run mlops pull
rm "$cloud/faults"
like "$other/log" 'GET /v2/team/data/blobs/.*authorization=- ' "who is sent on to another host takes no password along"
rm "$cloud/registry"

# Faults.
# passes FAULT METHOD REGEX: the fault costs a pull nothing but time.
passes() {
	clone
	echo "$2 $3 $1 1" >"$cloud/faults"
	ok "$1 $2 ${3##*/}: pull" mlops pull
	rm "$cloud/faults"
	same_data "$1 $2 ${3##*/}: with identical bytes"
}
mlops remote remove origin >/dev/null 2>&1
cd "$origin" || exit 1
for fault in 500 429 short die stall; do
	passes "$fault" GET /blobs/
done
clone
echo "GET /blobs/ corrupt 1000" >"$cloud/faults"
run mlops pull
rc_is 3 "blobs with other bytes"
like "$err" 'other bytes|damaged' "are found out"
rm "$cloud/faults"
ok "and none of them is in the store" mlops verify
echo "GET /manifests/ corrupt 1000" >"$cloud/faults"
run mlops push
rc_is 3 "a manifest that is not what its tag says"
like "$err" 'other bytes' "is found out"
rm "$cloud/faults"
cd "$origin" || exit 1
# sends FAULT METHOD REGEX: to a repository of its own, with a blob that goes in parts.
sends() {
	repos=$((${repos:-0} + 1))
	mlops remote remove far >/dev/null 2>&1
	mlops remote add far "oci://$host/far/r$repos"
	echo "$2 $3 $1 1" >"$cloud/faults"
	ok "$1 $2 ${3##*/}: push" mlops push -r far
	rm "$cloud/faults"
	run mlops push -r far --json
	json_is 'd["objects"]' 0 "$1 $2 ${3##*/}: all is there"
}
for fault in 500 die; do
	sends "$fault" PUT /blobs/uploads/
done
sends half PATCH /uploads/
sends die PATCH /uploads/
sends 503 POST /uploads/
sends 500 PUT /manifests/
mlops remote remove far
mlops remote add far "oci://$host/far/killed"
echo 'PATCH /uploads/ hold 1' >"$cloud/faults"
: >"$cloud/log"
MLOPS_HTTP_TIMEOUT=1m mlops push -r far >"$tap_root/ok" 2>&1 &
pusher=$!
ok "an upload breaks off half way" wait_for 20 grep -q 'PATCH /v2/far/killed/blobs/uploads/' "$cloud/log"
kill -9 $pusher
wait $pusher 2>/dev/null
rm "$cloud/faults"
: >"$cloud/log"
ok "and its push is killed: the next" mlops push -r far
like "$cloud/log" 'GET /v2/far/killed/blobs/uploads/.* 204' "asks how far it came"
is "$(grep -c 'PATCH /v2/far/killed/blobs/uploads/' "$cloud/log")" 1 "and sends the rest"

# Our own server.
data=$scratch/served
write=$(mlops server token add writer --scope write --data "$data")
read=$(mlops server token add reader --data "$data")
start_server "$data"
mlops remote add ours "oci://${server_url#http://}/a/b"
MLOPS_REMOTE_OURS_TOKEN=$read run mlops push -r ours
rc_is 4 "our server: a token to read can't push"
like "$err" 'HTTP 403' "our server: as forbidden"
export MLOPS_REMOTE_OURS_TOKEN="$write"
ok "our server: push" mlops push -r ours
run mlops push -r ours --json
json_is 'd["objects"]' 0 "our server: nothing to push again"
clone
MLOPS_REMOTE_OURS_TOKEN=$read
ok "our server: pull" mlops pull -r ours
same_data "our server: with identical bytes"
mlops config remote.ours.encryption aes-256-gcm
run mlops push -r ours
isnt "$rc" 0 "a registry holds nothing sealed"
done_testing
