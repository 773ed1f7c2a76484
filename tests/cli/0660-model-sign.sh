#!/bin/sh
# Signing models and verifying them: registered versions and paths, keys of all kinds, and all that
# must not pass.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

keys=$tap_root/keys
mkdir -m 700 "$keys"
# new_key NAME OPENSSL-OPTIONS...: NAME.key and NAME.pub.
new_key() {
	name=$1
	shift
	(umask 077 && openssl genpkey "$@" -out "$keys/$name.key") 2>/dev/null
	openssl pkey -in "$keys/$name.key" ${pass:+-passin "pass:$pass"} -pubout -out "$keys/$name.pub"
}
new_key ed25519 -algorithm ed25519
new_key other -algorithm ed25519
for curve in 256 384 521; do
	new_key "ecdsa-p$curve" -algorithm EC -pkeyopt "ec_paramgen_curve:P-$curve"
done

new_project
mkdir -p model/deep
echo weights >model/weights && echo config >model/deep/config.json && echo junk >model/.gitignore
mlops model register wine --path model >/dev/null
run mlops model verify wine -k "$keys/ed25519.pub"
rc_is 3 "what nobody signed is not verified"
like "$err" 'wine:1 is not signed' "for that reason"

for kind in ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521; do
	run mlops model sign wine --key "$keys/$kind.key" --json
	rc_is 0 "signs with $kind"
	schema_ok model-sign.json
	json_is '[s["key_kind"] for s in d]' "[\"$kind\",\"$kind\"]" "both statements"
	run mlops model verify wine:1 --key "$keys/$kind.pub" --json
	rc_is 0 "and is verified"
	schema_ok model-verify.json
	json_is '[d["files"], d["provenance"], d["key_kind"]]' "[2,true,\"$kind\"]" "with all that is in it"
done
run mlops model verify wine -k "$keys/other.pub"
rc_is 3 "another's key did not sign it"
like "$err" 'not signed by a key that is trusted' "it says"
run mlops model verify wine
rc_is 2 "with no key nothing can be verified"
mkdir trusted && cp "$keys/other.pub" trusted/a.pub && cp "$keys/ecdsa-p384.pub" trusted/b.pem
mlops config sign.trustedKeys trusted
run mlops model verify wine@champion
rc_is 0 "one of the folder's keys will do"
like "$out" 'ecdsa-p384' "which it names"
is "$(sqlite3 .mlops/mlops.db "SELECT count(*) FROM audit WHERE action = 'model.sign'")" 4 "the audit log has each"
is "$(sqlite3 .mlops/mlops.db 'SELECT count(*) FROM model_signatures')" 8 "kept once for each key"
ok "the same key again" mlops model sign wine -k "$keys/ed25519.key"
is "$(sqlite3 .mlops/mlops.db 'SELECT count(*) FROM model_signatures')" 8 "replaces its own"

# What a signature states.
run mlops model sign wine -k "$keys/ed25519.key" --json
statement() {
	python3 -c 'import sys, json, base64
list = json.load(open(sys.argv[1]))
d = json.loads(base64.b64decode(list[int(sys.argv[2])]["bundle"]["dsseEnvelope"]["payload"]))
print(json.dumps(eval(sys.argv[3]), separators=(",", ":")))' "$out" "$1" "$2"
}
is "$(statement 0 '[r["name"] for r in d["predicate"]["resources"]]')" '["deep/config.json","weights"]' \
	"the files, but none of git's"
is "$(statement 0 'd["predicate"]["resources"][1]["digest"]')" "\"$(sha256sum <model/weights | cut -c1-64)\"" "their hashes"
is "$(statement 1 '[d["predicateType"], [s["name"] for s in d["subject"]]]')" \
	'["https://slsa.dev/provenance/v1",["deep/config.json","weights"]]' "provenance of the same files"

# Provenance of a version that a pipeline made.
echo data >data.csv
mlops track data.csv
echo 'lr: 0.5' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: cp data.csv net
    deps: [data.csv]
    params: [lr]
    outs:
      - net: {type: model}
YAML
git add -A && git commit -qm start
mlops run -q
mlops model register net --from-run last >/dev/null
run mlops model sign net -k "$keys/ed25519.key" --json
is "$(statement 1 'd["predicate"]["buildDefinition"]["externalParameters"]["params"]')" '{"lr":"0.5"}' "its parameters"
is "$(statement 1 '[m["digest"] for m in d["predicate"]["buildDefinition"]["resolvedDependencies"] if m["name"] == "data.csv"]')" \
	"[{\"sha256\":\"$(sha256sum <data.csv | cut -c1-64)\"}]" "its data"
is "$(statement 1 '[m["digest"]["gitCommit"][:40] for m in d["predicate"]["buildDefinition"]["resolvedDependencies"] if m["name"] == "source"]')" \
	"[\"$(git rev-parse HEAD)\"]" "its code"
is "$(statement 0 'd["subject"][0]["name"]')" '"net"' "a model that is one file"
is "$(statement 0 'd["predicate"]["resources"][0]["name"]')" '"."' "is that"

# Somebody who can write to the database can't pass one version off as another.
echo worse >model/weights
mlops model register wine --path model >/dev/null
sqlite3 .mlops/mlops.db "INSERT INTO model_signatures SELECT 3, predicate_type, key_id, key_kind,
	bundle, created_ms FROM model_signatures WHERE version_id = 1"
run mlops model verify wine:2 -k "$keys/ed25519.pub"
rc_is 3 "the signature of another version"
like "$err" "'weights' is not what was signed" "does not pass"
sqlite3 .mlops/mlops.db "UPDATE model_signatures SET bundle = replace(bundle, 'payload\":\"ey', 'payload\":\"eY') WHERE version_id = 1"
run mlops model verify wine:1 -k "$keys/ed25519.pub"
rc_is 3 "nor one that was edited"

# Paths.
run mlops model sign --path model --key "$keys/ecdsa-p256.key" --json
rc_is 0 "signs a folder"
schema_ok model-sign.json
ok "into model.sig in it" test -s model/model.sig
ok "which is left out of what it signs" mlops model verify -p model -k "$keys/ecdsa-p256.pub"
# changed WHAT COMMAND: after COMMAND the folder does not pass, for WHAT.
changed() {
	rm -rf copy && cp -a model copy
	(cd copy && eval "$2")
	run mlops model verify --path copy -k "$keys/ecdsa-p256.pub"
	rc_is 3 "$2"
	like "$err" "$1" "is found"
}
changed "'weights' is not what was signed" 'printf x >>weights'
changed "'more' was not there when it was signed" 'echo >more'
changed "'weights', which was signed, is missing" 'rm weights'
changed "'deep/config' was not there when it was signed" 'mv deep/config.json deep/config'
changed 'not signed by a key' 'sed -i "s/payload\":\"e/payload\":\"f/" model.sig'
rm -rf copy && cp -a model copy && ln -s weights copy/link
run mlops model verify --path copy -k "$keys/ecdsa-p256.pub"
rc_is 1 "a symlink"
like "$err" "'link' is a symlink" "is refused by name"
cp -a model/weights one && chmod 600 one
ok "signs a file" mlops model sign -p one -k "$keys/ed25519.key"
ok "beside it" mlops model verify -p one -s one.sig -k "$keys/ed25519.pub"
for bad in '' '{}' '[' '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'; do
	echo "$bad" >bad.sig
	run mlops model verify -p one -s bad.sig -k "$keys/ed25519.pub"
	rc_is 1 "no signature: '$bad'"
done

# Keys.
pass='pass word' new_key locked -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass 'pass:pass word'
run mlops model sign -p one -k "$keys/locked.key"
rc_is 1 "a key with a passphrase"
like "$err" 'its passphrase is not known' "needs it"
run env MLOPS_KEY_PASSPHRASE=wrong mlops model sign -p one -k "$keys/locked.key"
rc_is 1 "a wrong passphrase"
ok "the right one" env MLOPS_KEY_PASSPHRASE='pass word' mlops model sign -p one -k "$keys/locked.key"
ok "signs" mlops model verify -p one -k "$keys/locked.pub"
fails "the passphrase is nowhere" grep -rq 'pass word' .mlops one.sig
cp "$keys/ed25519.key" open.key && chmod 644 open.key
run mlops model sign wine -k open.key
rc_is 1 "a key that others can read"
like "$err" 'can be read or changed by others' "is refused"
(umask 077 && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$keys/rsa.key" 2>/dev/null)
run mlops model sign wine -k "$keys/rsa.key"
rc_is 1 "an RSA key"
like "$err" 'of a kind that is not used' "is refused"
run mlops model sign wine -k "$keys/ed25519.pub"
rc_is 1 "a public key does not sign"
run mlops model sign wine
rc_is 2 "no key"
run mlops model sign wine --path model -k "$keys/ed25519.key"
rc_is 2 "a version and a path"
run mlops model verify nothing -k "$keys/ed25519.pub"
rc_is 1 "no such model"

# Deploying obeys.
end_later signed
write_model served && add_version served served
mlops config deploy.requireSignature true
run mlops deploy served --name signed
rc_is 3 "what is not signed is not deployed"
like "$err" 'deploy.requireSignature' "by the policy"
fails "nothing was recorded" sh -c "mlops deployments show signed"
mlops model sign served -k "$keys/other.key" >/dev/null
run mlops deploy served --name signed
rc_is 0 "what is signed by a trusted key is"
mlops config sign.trustedKeys "$keys/ed25519.pub"
add=1 write_model served2 && add_version served served2
mlops model sign served:2 -k "$keys/ed25519.key" >/dev/null
ok "the next version" mlops deploy served:2 --name signed
run mlops rollback signed
rc_is 3 "no going back to what is trusted no more"
mlops config deploy.requireSignature maybe
run mlops deploy served --name signed
rc_is 1 "a policy that is not understood lets nothing through"
done_testing
