# mlops deploy export: what Kubernetes would be told, as files for others to apply.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
write_model one && add_version wine one
add=100 write_model two && add_version wine two
cat >mlops.yaml <<'YAML'
deployments:
  prod:
    model: wine:2
    target: kubernetes
    replicas: 3
    runtime: {image: "registry.example.org/server:1.7"}
    env: {LOG: "1"}
    secrets: [API_KEY]
    ingress: {host: wine.example.org}
    kubernetes: {namespace: models, registry: "oci://127.0.0.1:1/wine"}
  small:
    model: wine:1
    target: kubernetes
    runtime: {image: "registry.example.org/server:1.7"}
    kubernetes: {registry: "oci://127.0.0.1:1/wine"}
  near: {model: wine:1}
YAML
run mlops deploy export prod
rc_is 0 "an export reaches no cluster and no registry"
cp "$out" "$scratch/prod"
is "$(sed -n 's/^kind: //p' "$scratch/prod" | tr '\n' ' ')" "Deployment Service PodDisruptionBudget Ingress " "it has each object"
is "$(grep -c '^---$' "$scratch/prod")" 4 "in a document of its own"
is "$(grep -c '^  namespace: models$' "$scratch/prod")" 4 "in its namespace"
like "$scratch/prod" 'reference: 127.0.0.1:1/wine@sha256:[0-9a-f]{64}' "with the model by its digest"
like "$scratch/prod" 'mlops/model: wine:2' "and by its name"
like "$scratch/prod" "value: '1'|value: \"1\"" "a text stays one"
like "$scratch/prod" 'secretKeyRef' "a secret is named"
run mlops deploy export prod
is "$(cmp "$out" "$scratch/prod" && echo same)" same "the same again"
run mlops deployments --json
json_is 'd["deployments"]' '[]' "and nothing is recorded"

run mlops deploy export -o base
rc_is 2 "a target that has no such form"
like "$err" "'near'.*target local|target local" "is named"
sed -i '/^  near/d' mlops.yaml
run mlops deploy export -o base
rc_is 0 "all of them"
is "$(sed -n 's/^  - //p' base/kustomization.yaml | tr '\n' ' ')" "prod.yaml small.yaml " "are a kustomize base"
is "$(cmp base/prod.yaml "$scratch/prod" && echo same)" same "of the same documents"
run mlops deploy export small --push
rc_is 4 "a registry that cannot be reached"
run mlops deploy export wine@none --to kubernetes
rc_is 1 "a model that is not there"
done_testing
