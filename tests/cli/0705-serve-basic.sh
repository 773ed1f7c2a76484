#!/bin/sh
# mlops serve in the foreground: what requests get, and how it ends.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

status() {
	curl -s --max-time 20 -o "$tap_root/body" -w '%{http_code}' "$@"
}

write_model wine
serve --dir wine --timeout 500ms
schema_ok serve.json "says where in JSON"
is "$(predict "$u" '[[1,2],[3,4]]')" '{"predictions":[3,7]}' "predicts"
is "$(curl -s -d '{"inputs":{"a":[1,2],"b":[3,4]}}' "$u/v1/models/wine:predict")" '{"outputs":[4,6]}' "columns"
is "$(curl -s -d '{"instances":[[1]]}' "$u/v1/models/wine/versions/1:predict")" '{"predictions":[1]}' "by version"
like "$(curl -s "$u/v1/models/wine")" '"state":"AVAILABLE"' "the model's status"
is "$(curl -s "$u/v2/health/live")" '{"live":true}' "live"
is "$(curl -s "$u/v2/health/ready")" '{"ready":true}' "ready"
like "$(curl -s "$u/v2")" '"name":"mlops"' "server metadata"
like "$(curl -s "$u/v2/models/wine")" '"versions":\["1"\]' "model metadata"
is "$(curl -s "$u/v2/models/wine/ready")" '{"name":"wine","ready":true}' "model ready"
is "$(curl -s "$u/health")" '{"status":"ok"}' "health"

is "$(status -d '{"instances":[1]}' "$u/v1/models/other:predict")" 404 "another model"
is "$(status -d '{"inputs":[]}' "$u/v2/models/other/infer")" 404 "in the other protocol"
is "$(status -d '{"instances":[1]}' "$u/v1/models/wine/versions/2:predict")" 404 "another version"
is "$(status "$u/v2/models/wine/versions/x/ready")" 404 "a version that is no number"
is "$(status "$u/nothing")" 404 "another path"
is "$(status -D "$tap_root/head" -d x "$u/health")" 405 "another method"
like "$tap_root/head" '^Allow: GET' "and which there is"
like "$tap_root/head" '^Date: [A-Z][a-z]*, [0-9][0-9] [A-Z][a-z]* [0-9]* [0-9:]* GMT' "with a date"
is "$(status -d '{"instances":[1' "$u/v1/models/wine:predict")" 400 "broken JSON"
like "$tap_root/body" '^\{"error":".*line 1' "says where"
is "$(status -d '{"rows":[1]}' "$u/v1/models/wine:predict")" 400 "no instances"
is "$(status -d '{"inputs":[{"name":"x","shape":[3],"datatype":"FP64","data":[1]}]}' "$u/v2/models/wine/infer")" 400 "a tensor that lies"
python3 -I -S -c '
import struct, sys
head = b"{\"inputs\":[{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":8}}]}"
open("n", "w").write(str(len(head)))
sys.stdout.buffer.write(head + struct.pack("<2f", 1, 2.5))' >binary
infer_binary() {
	status --data-binary @binary -H "Inference-Header-Content-Length: $1" "$u/v2/models/wine/infer"
}
is "$(infer_binary "$(cat n)")" 200 "a tensor as bytes behind the request"
like "$tap_root/body" '"datatype":"FP64","data":\[3.5\]' "is read"
is "$(infer_binary 9) $(infer_binary 9999) $(infer_binary x)" "400 400 400" "a length that lies"
head -c 10 /dev/zero >>binary
is "$(infer_binary "$(cat n)")" 400 "bytes behind the last tensor"
is "$(status -d '{"instances":["x"]}' "$u/v1/models/wine:predict")" 500 "a model that fails"
like "$tap_root/body" '^\{"error":"TypeError' "says how"
head -c 17000000 /dev/zero >big
is "$(status --data-binary @big "$u/v1/models/wine:predict")" 413 "too large a body"
is "$(status -d '{"instances":["sleep"]}' "$u/v1/models/wine:predict")" 504 "a model that takes too long"
answers() { [ "$(predict "$u" '[[1]]')" = '{"predictions":[1]}' ]; }
ok "its worker is started again" wait_for 20 answers

worker=$(worker_pid "$u")
kill -TERM "$pid"
ok "SIGTERM ends it" wait "$pid"
ok "and its worker" is_gone "$worker"

serve --dir wine --name other
is "$(predict "$u" '[[1]]' other)" '{"predictions":[1]}' "under another name"
worker=$(predict "$u" '["pid"]' other | sed -n 's/.*\[\([0-9]*\)\].*/\1/p')
kill -9 "$pid"
ok "killing it leaves no worker" wait_for 20 is_gone "$worker"

run mlops serve --dir wine --listen 0.0.0.0:0
rc_is 2 "others cannot reach it"
like "$err" '^hint: .*--insecure' "unless told to"
run mlops serve --dir "$scratch"
rc_is 1 "a folder without predict.py"
run mlops serve
rc_is 2 "nothing to serve"
run mlops serve wine
rc_is 1 "a model needs a project"
echo 'raise RuntimeError("boom")' >wine/predict.py
run mlops serve --dir wine --listen 127.0.0.1:0
rc_is 3 "a model that does not load"

new_project
write_model model && add_version wine model
serve wine
is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "a registered model"
kill -TERM "$pid"
wait "$pid"
is "$(ls .mlops/run/serve)" "" "its folder is removed"
done_testing
