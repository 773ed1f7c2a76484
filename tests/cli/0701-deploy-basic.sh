#!/bin/sh
# Deploying, predicting, and a second version.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
end_later wine
write_model one && add_version wine one
add=100 write_model two && add_version wine two

run mlops deploy wine:1 --name prod
rc_is 0 "deploys"
like "$out" '^prod: revision 1 serves wine:1 on http://127\.0\.0\.1:[0-9]+$' "and says where"
u=$(url prod)
is "$(predict "$u" '[[1,2],[3,4.5]]')" '{"predictions":[3,7.5]}' "TensorFlow Serving's form"
is "$(curl -s -d '{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP64","data":[1,2,3,4]}]}' "$u/v2/models/wine/infer")" \
	'{"model_name":"wine","model_version":"1","outputs":[{"name":"predictions","shape":[2],"datatype":"INT64","data":[3,7]}]}' \
	"Open Inference Protocol"
is "$(stat -c %a .mlops/run/deploy/prod/control.sock)" 600 "the control socket is the owner's"

run mlops deploy wine:2 --name prod --workers 2 --json
rc_is 0 "deploys the next version"
schema_ok deploy.json
json_is 'd["active"]["version"]' 2 "which is active"
json_is 'd["url"]' "$u" "at the same address"
is "$(predict "$u" '[[1,2]]')" '{"predictions":[103]}' "and predicts"
is "$(control prod status | grep -o '"workers_ready":[0-9]*' | head -1)" '"workers_ready":2' "with two workers"
mlops deploy wine:1 --name prod >/dev/null
is "$(cd .mlops/run/deploy/prod && echo rev-*)" "rev-2 rev-3" "folders of older revisions are gone"

run mlops model retire wine:1 --yes
rc_is 3 "what is deployed"
like "$err" "wine:1 is deployed as 'prod'" "is not retired"
run mlops deploy wine
rc_is 0 "a deployment of its own, named after the model"
isnt "$(url wine)" "$u" "has an address of its own"
run mlops deploy wine:1 --name prod --port 1
rc_is 1 "a running deployment keeps its port"
run mlops deploy wine:1 --name taken --port "${u##*:}"
rc_is 1 "a port that is taken"
like "$err" 'Address already in use' "is named as the cause"

run mlops deploy wine --name ../x
rc_is 2 "a name is no path"
run mlops deploy wine --name other --to moon
rc_is 2 "an unknown target"
like "$err" 'there is: local' "names the targets"
run mlops deploy wine --workers 1000
rc_is 2 "too many workers"
run mlops deploy nothing
rc_is 1 "an unknown model"

deep=$scratch/deep
for level in 1 2 3 4 5 6; do
	deep=$deep/a-folder-with-quite-a-long-name-$level
done
mkdir -p "$deep" && cd "$deep" && git init -q && mlops init >/dev/null
end_later prod
write_model one && add_version wine one
run mlops deploy wine --name prod
rc_is 0 "a path that is too long for a socket is none"
is "$(predict "$(url prod)" '[[1,2]]')" '{"predictions":[3]}' "and serves"
run mlops undeploy prod --yes
like "$out" '^stopped prod$' "and can be stopped"
done_testing
