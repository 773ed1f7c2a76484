#!/bin/sh
# Packages of a model on disk: what is in them, that they are the same to the bit, and what is refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

python3 -I "$tap_src/tests/lib/models.py" m || exit 1
new_project
mkdir -p wine/deep llm
cp "$tap_root/scratch/m/safetensors.safetensors" wine/
echo '{}' >wine/deep/config.json && echo 'def predict(rows): return rows' >wine/predict.py && chmod +x wine/predict.py
echo '# wine' >wine/README.md && : >wine/empty
yes weights | head -c 2000000 >wine/large.bin && cp wine/large.bin wine/twin.bin
mlops model register wine --path wine >/dev/null

run mlops model package wine --output pack --json
rc_is 0 "packages"
schema_ok model-package.json
json_is '[[l["path"], l["media_type"].split(".")[3:-2]] for l in d["layers"]]' \
	'[["README.md",["doc"]],["deep/config.json",["weight","config"]],["empty",["weight"]],["large.bin",["weight"]],["predict.py",["code"]],["safetensors.safetensors",["weight"]],["twin.bin",["weight"]]]' \
	"each file a layer of its kind"
digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"][7:])' "$out")
for blob in pack/blobs/sha256/*; do
	is "$(sha256sum <"$blob" | cut -c1-64)" "${blob##*/}" "a blob is what its name says"
done
is "$(cat pack/oci-layout)" '{"imageLayoutVersion":"1.0.0"}' "an image layout"
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(json.dumps(eval(sys.argv[2]), separators=(",", ":")))' "$@"; }
is "$(json pack/index.json '[m["digest"][7:] for m in d["manifests"]]')" "[\"$digest\"]" "its index names the manifest"
is "$(json pack/index.json 'd["manifests"][0]["annotations"]')" '{"org.opencontainers.image.ref.name":"latest"}' "by a tag"
manifest=pack/blobs/sha256/$digest
is "$(json "$manifest" 'd["artifactType"]')" '"application/vnd.cncf.model.manifest.v1+json"' "a ModelPack"
is "$(json "$manifest" 'd["layers"][1]["annotations"]')" '{"org.cncf.model.filepath":"deep/config.json"}' "with paths"
config=pack/blobs/sha256/$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["config"]["digest"][7:])' "$manifest")
is "$(json "$config" 'sorted(d)')" '["config","descriptor","modelfs"]' "its configuration"
is "$(json "$config" '[d["descriptor"]["name"], d["descriptor"]["version"], len(d["modelfs"]["diffIds"])]')" '["wine","1",7]' "says what it is"

run mlops model package wine --output again.tar --tag v1
rc_is 0 "packages into an archive"
ok "the same" grep -q "$digest" "$out"
mlops model package wine --output more.tar --tag v1 >/dev/null
ok "to the bit" cmp again.tar more.tar
mkdir unpacked && tar -C unpacked -xf again.tar
ok "with the same blobs" diff -r pack/blobs unpacked/blobs
ok "nothing else is left" sh -c '! ls | grep tmp'

run mlops model package wine --format tar -o files.tar --json
rc_is 0 "a plain archive"
schema_ok model-package.json
mkdir files && tar -C files -xf files.tar
ok "of all files" diff -r wine files
ok "with their bits" test -x files/predict.py
is "$(tar --numeric-owner --full-time -tvf files.tar | awk '{ print $2, $4, $5 }' | sort -u)" "0/0 1970-01-01 00:00:00" \
	"without owners and times"

cp "$tap_root/scratch/m/gguf.gguf" llm/model.gguf && echo '{{ .Prompt }}' >llm/template && echo MIT >llm/LICENSE && echo x >llm/notes
mlops model register llm --path llm >/dev/null
run mlops model package llm --format ollama --output ollama --json
rc_is 0 "packages for Ollama"
json_is '[[l["path"], l["media_type"]] for l in d["layers"]]' \
	'[["LICENSE","application/vnd.ollama.image.license"],["model.gguf","application/vnd.ollama.image.model"],["template","application/vnd.ollama.image.template"]]' "what it takes"
digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"][7:])' "$out")
is "$(json "ollama/blobs/sha256/$digest" 'd["mediaType"]')" '"application/vnd.docker.distribution.manifest.v2+json"' "in Docker's form"
config=ollama/blobs/sha256/$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["config"]["digest"][7:])' "ollama/blobs/sha256/$digest")
is "$(json "$config" '[d["model_format"], d["model_family"], d["file_type"]]')" '["gguf","llama","Q4_0"]' "with what the header says"
run mlops model package wine --format ollama
rc_is 1 "a version without GGUF"
like "$err" 'no GGUF file' "is none for Ollama"

# To a registry, which mlops server is.
data=$scratch/data
token=$(mlops server token add writer --scope write --data "$data")
start_server "$data"
host=${server_url#http://}
run mlops model package wine --push "oci://$host/team/wine:v1"
rc_is 4 "one who is not known"
mkdir docker && printf '{"auths": {"%s": {"auth": "%s"}}}' "$host" "$(printf 'x:%s' "$token" | base64 -w0)" >docker/config.json
export DOCKER_CONFIG="$PWD/docker"
(umask 077 && openssl genpkey -algorithm ed25519 -out key.pem) 2>/dev/null
mlops model sign wine -k key.pem >/dev/null
run mlops model package wine --push "oci://$host/team/wine:v1" --json
rc_is 0 "pushes with what docker knows"
schema_ok model-package.json
digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"])' "$out")
get() { curl -s -u "x:$token" -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$server_url/v2/team/wine/$1"; }
get manifests/v1 >manifest
is "sha256:$(sha256sum <manifest | cut -c1-64)" "$digest" "the manifest is there by its tag"
get "blobs/sha256:$(sha256sum <wine/large.bin | cut -c1-64)" >large
ok "and a layer" cmp large wine/large.bin
get "referrers/$digest" >referrers
is "$(json referrers '[m["artifactType"] for m in d["manifests"]]')" \
	'["application/vnd.dev.sigstore.bundle.v0.3+json","application/vnd.dev.sigstore.bundle.v0.3+json"]' "with the signatures"
ok "again, with the version as its tag" mlops model package wine --push "oci://$host/team/wine"
get tags/list >tags
is "$(json tags 'd["tags"]')" '["1","v1"]' "as it is listed"

run mlops model package wine
rc_is 0 "says what the package would be"
run mlops model package wine --output pack
rc_is 1 "what is there"
like "$err" "'pack' is there already" "is not overwritten"
run mlops model package wine -o out.tar --tag 'a b'
rc_is 2 "no tag"
run mlops model package wine --push http://127.0.0.1:1/x
rc_is 1 "no registry"
run mlops model package wine --push oci://127.0.0.1:1/x
rc_is 4 "nobody answers"
run mlops model package wine --format tar
rc_is 2 "a plain archive goes to a file"
run mlops model package nothing
rc_is 1 "no such model"
ln -s large.bin wine/link && mlops model register wine --path wine >/dev/null
run mlops model package wine
rc_is 1 "a symlink"
like "$err" "'link' is a symlink" "is refused by name"
rm wine/link && mv wine/large.bin away
find .mlops/store -name "$(sha256sum <away | cut -c3-64)" -delete
run mlops model package wine:1 --output broken.tar
rc_is 1 "an object that is not here"
like "$err" 'large.bin.* is not here' "is named"
fails "nothing is left" sh -c 'ls | grep broken'
done_testing
