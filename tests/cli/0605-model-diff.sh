# mlops model diff: metrics, parameters, size, schema, tensors and files that changed.
. "$(dirname "$0")/../lib/tap.sh"

new_project
# tensors FILE JSON: a safetensors file; JSON is {name: [dtype, shape, bytes]}.
tensors() {
	python3 -I -S - "$1" "$2" <<-'PYTHON'
		import json, struct, sys
		header, data = {}, b""
		for name, (dtype, shape, value) in json.loads(sys.argv[2]).items():
		    n = 4 if dtype == "F32" else 2
		    for d in shape: n *= d
		    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + n]}
		    data += bytes([value]) * n
		text = json.dumps(header).encode()
		open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + data)
	PYTHON
}
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: 'cp source model.safetensors; echo "{\"accuracy\": $(cat accuracy), \"same\": 1}" > metrics.json'
    deps: [source, accuracy]
    params: [lr, depth]
    outs: [model.safetensors: {type: model}]
    metrics: [metrics.json: {cache: false}]
YAML
# train ACCURACY LR JSON
train() {
	echo "$1" >accuracy
	printf 'lr: %s\ndepth: 3\n' "$2" >params.yaml
	tensors source "$3"
	mlops run >"$tap_root/train" 2>&1 && mlops model register net --from-run last >/dev/null
}
ok "a version" train 0.8 0.1 '{"same": ["F32", [2, 3], 1], "other": ["F32", [4], 1], "shape": ["F32", [2, 2], 1], "gone": ["F16", [1], 1]}'
ok "another" train 0.9 0.2 '{"same": ["F32", [2, 3], 1], "other": ["F32", [4], 2], "shape": ["F16", [2, 3], 1], "new": ["F16", [1], 1]}'

run mlops model diff net:1 net:2 --json
rc_is 0 "two versions are compared"
schema_ok model-diff.json
json_is '[(v["kind"], v["key"], v["before"], v["after"]) for v in d["differences"] if v["kind"] in ("param", "metric")]' \
	'[["param","lr","0.1","0.2"],["metric","accuracy","0.8","0.9"]]' "by parameters and metrics"
json_is '[(v["key"], v["before"], v["after"]) for v in d["differences"] if v["kind"] == "tensor"]' \
	'[["gone","F16[1]",null],["new",null,"F16[1]"],["other","F32[4]","F32[4]"],["shape","F32[2,2]","F16[2,3]"]]' \
	"and tensors, also by what is in them"
json_is '[d["tensors_before"], d["tensors_after"], d["same_object"], d["content_read"]]' '[4,4,false,true]' "of all that there are"
run mlops model diff net:1 net
like "$out" "^tensor +other +F32\[4\] +other values$" "people see it too"
like "$out" "^size +parameters +15 +17$" "with the number of parameters"
run mlops model diff net:2 net --json
json_is '[d["differences"], d["same_object"]]' '[[],true]' "a version is what it is"
run mlops model diff net:1 net:7
rc_is 1 "no such version"

# Folders, and what is no model.
mkdir dir && echo 1 >dir/a && echo 1 >dir/b && mlops model register dir --path dir >/dev/null
echo 2 >dir/a && rm dir/b && echo 3 >dir/c && mlops model register dir --path dir >/dev/null
run mlops model diff dir:1 dir:2 --json
json_is '[(v["key"], v["before"] and 1, v["after"] and 1) for v in d["differences"] if v["kind"] == "file"]' \
	'[["a",1,1],["b",1,null],["c",null,1]]' "files of a folder"
json_is 'd["content_read"]' false "of no known format"
run mlops model diff dir:1 dir:2
like "$out" "^file +a +changed +changed$" "are listed"
like "$out" "was not compared" "and it is said"
is "$(ls -A .mlops/tmp)" "" "nothing is left"
done_testing
