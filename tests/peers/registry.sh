# A real registry as a remote, and mlops server as the registry of skopeo, docker and oras. The
# conformance tests of the distribution specification run against the server.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
make_data
head -c 9000000 /dev/urandom >more.bin
mlops track more.bin >"$tap_root/ok" && git add . && git commit -qm more

# round NAME REMOTE: a push, another with nothing to do, a pull.
round() {
	cd "$origin" || exit 1
	ok "$1: check" mlops remote check "$2"
	ok "$1: push" mlops push -r "$2"
	run mlops push -r "$2" --json
	json_is 'd["objects"]' 0 "$1: nothing to push again"
	clone
	ok "$1: pull" mlops pull -r "$2"
	same_data "$1: with identical bytes"
	cd "$origin" || exit 1
}

data=$scratch/data
write=$(mlops server token add writer --scope write --data "$data")
echo "$write" >"$scratch/token"
start_server "$data"
ours=${server_url#http://}
mlops remote add ours "oci://$ours/team/data"
export MLOPS_REMOTE_OURS_TOKEN="$write"
round "mlops server" ours
tag=$(curl -s -u "x:$write" "$server_url/v2/team/data/tags/list" | grep -o 'mlops-[0-9a-f]*' | head -1)

if peer registry; then
	mlops remote add theirs "oci://$REGISTRY_HOST/team-$$/data"
	round "docker-registry" theirs
	if command -v skopeo >/dev/null; then
		ok "skopeo: from our server to docker-registry" skopeo copy -q --src-tls-verify=false --src-creds "x:$write" \
			--dest-tls-verify=false "docker://$ours/team/data:$tag" "docker://$REGISTRY_HOST/copied-$$/data:$tag"
		mlops remote add copied "oci://$REGISTRY_HOST/copied-$$/data"
		clone
		ok "skopeo: what it copied can be pulled" mlops pull -r copied
		same_data "skopeo: with identical bytes"
		ok "skopeo: and from docker-registry to our server" skopeo copy -q --dest-tls-verify=false --dest-creds "x:$write" \
			--src-tls-verify=false "docker://$REGISTRY_HOST/copied-$$/data:$tag" "docker://$ours/back/data:$tag"
		cd "$origin" || exit 1
		mlops remote add back "oci://$ours/back/data"
		clone
		export MLOPS_REMOTE_BACK_TOKEN="$write"
		ok "skopeo: what came back can be pulled" mlops pull -r back
		run skopeo inspect --tls-verify=false --creds x:wrong "docker://$ours/team/data:$tag"
		isnt "$rc" 0 "skopeo: a wrong token is refused"
	else
		skip "skopeo is not installed" skopeo
	fi
fi

if peer docker; then
	export DOCKER_CONFIG="$scratch/docker"
	ok "docker: login" sh -c "docker login -u any --password-stdin $ours <'$scratch/token'"
	mkdir "$scratch/image" && head -c 3000000 /dev/urandom >"$scratch/image/model.bin"
	tar c -C "$scratch/image" . | docker import - "$ours/app/model:1" >"$tap_root/ok"
	ok "docker: push" docker push -q "$ours/app/model:1"
	docker rmi "$ours/app/model:1" >"$tap_root/ok"
	ok "docker: pull" docker pull -q "$ours/app/model:1"
	docker tag "$ours/app/model:1" "$ours/app/copy:2"
	run docker push "$ours/app/copy:2"
	like "$out" 'Mounted from app/model|Layer already exists' "docker: a blob of another repository is mounted"
	docker logout "$ours" >"$tap_root/ok" 2>&1
	run docker pull "$ours/app/copy:2"
	isnt "$rc" 0 "docker: who is logged out is refused"
	docker rmi "$ours/app/model:1" "$ours/app/copy:2" >"$tap_root/ok" 2>&1
	unset DOCKER_CONFIG
fi

if go_tool oras oras.land/oras/cmd/oras@v1.3.6 only-installed; then
	cd "$scratch" || exit 1
	echo art >art.txt && head -c 2000000 /dev/urandom >art.bin
	ok "oras: login" sh -c "oras login --plain-http -u me --password-stdin $ours <'$scratch/token'"
	ok "oras: push" oras push --plain-http "$ours/art/one:v1" art.txt art.bin
	ok "oras: attach" oras attach --plain-http --artifact-type example/sbom "$ours/art/one:v1" art.txt:text/plain
	run oras discover --plain-http "$ours/art/one:v1"
	like "$out" 'example/sbom' "oras: discover"
	mkdir pulled
	ok "oras: pull" sh -c "cd pulled && oras pull --plain-http $ours/art/one:v1 && cmp art.bin ../art.bin"
	ok "oras: copy" oras copy --from-plain-http --to-plain-http -r "$ours/art/one:v1" "$ours/art/two:v2"
	run oras discover --plain-http "$ours/art/two:v2"
	like "$out" 'example/sbom' "oras: with what refers to it"
fi

# It logs in by a key of its own only, so it has a server that asks for nothing. Building it takes long.
if [ -x "$peer_home/.cache/mlops-peers/bin/ollama" ] && peer ollama; then
	"$GGUF_PYTHON" "$peer_scripts/tiny_gguf.py" "$scratch/tiny.gguf" >"$tap_root/ok" 2>&1
	echo "FROM $scratch/tiny.gguf" >"$scratch/Modelfile"
	start_server "$scratch/open" --no-auth
	model=${server_url#http://}/lib/tiny
	PATH=$peer_home/.cache/mlops-peers/bin:$PATH
	ollama create "$model" -f "$scratch/Modelfile" >"$tap_root/ok" 2>&1
	ok "ollama: push" timeout 60 ollama push --insecure "$model"
	ollama rm "$model" >"$tap_root/ok" 2>&1
	ok "ollama: pull" timeout 60 ollama pull --insecure "$model"
	ollama rm "$model" >"$tap_root/ok" 2>&1
else
	skip "it is not installed" ollama
fi

if go_tool conformance github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111; then
	ok "the conformance tests of the distribution specification" env OCI_RESULTS_DIR="$scratch/results" \
		OCI_REGISTRY="$ours" OCI_TLS=disabled OCI_USERNAME=x OCI_PASSWORD="$write" OCI_DATA_SHA512=false \
		OCI_API_BLOBS_UPLOAD_CANCEL=true OCI_API_BLOBS_DIGEST_HEADER=true OCI_API_MANIFESTS_DIGEST_HEADER=true conformance
fi
done_testing
