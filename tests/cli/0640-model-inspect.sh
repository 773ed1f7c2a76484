# What mlops model inspect reads out of each format, from files put together by hand.
. "$(dirname "$0")/../lib/tap.sh"

python3 -I "$tap_src/tests/lib/models.py" m || exit 1

# inspect FILE: as JSON, and once for people.
inspect() {
	mlops model inspect "$1" >"$out" 2>"$err" || { diag "cannot inspect $1"; diag <"$err"; }
	run mlops model inspect "$1" --json
	rc_is 0 "$1 is read"
	schema_ok model-inspect.json
}
meta='{p["key"]: p["value"] for p in d["metadata"]}'
tensors='[[t["name"], t["dtype"], t["shape"], t["bytes"]] for t in d["tensors"]]'
ports='[[p["name"], p["dtype"], p["shape"]] for p in d["inputs"] + d["outputs"]]'

inspect m/safetensors.safetensors
json_is 'd["format"]' safetensors "its format"
json_is "$tensors" '[["a","F32",[3,4],48],["b","I64",[5],40],["s","BF16",[],2]]' "its tensors"
json_is '[d["parameters"], d["tensor_bytes"], d["dtypes"][0]["dtype"]]' '[18,90,"F32"]' "its sums"
json_is "$meta" '{"format":"pt"}' "its metadata"

for version in gguf gguf.v1 gguf.v2 gguf.be; do
	inspect "m/$version.gguf"
	json_is "$tensors" '[["plain","F32",[2,3],24],["quantised","Q4_0",[64],36]]' "tensors of $version"
done
inspect m/gguf.gguf
json_is "[($meta)['k.' + k] for k in 'u8 i8 u16 i16 u32 i32 f32 bool u64 i64 f64 array words nested'.split()]" \
	'["200","-3","60000","-300","7","-70000","0.5","true","1152921504606846976","-1152921504606846976","0.1","[1, 2, 3]","[20 x string]","[[8, 9]]"]' \
	"all types of values"
json_is "[($meta)[k] for k in ('quantization', 'tokenizer.chat_template')]" '["Q4_0","{{ messages }}"]' "what people ask for"

inspect m/onnx.onnx
json_is "$ports" '[["x","float32",["batch",4]],["y","float32",["batch",3]]]' "ports; an initializer is none"
json_is "$tensors" '[["w","float32",[4,3],48]]' "initializers"
json_is "[d['version'], ($meta)['opset.ai.onnx'], ($meta)['author'], ($meta)['producer_name']]" '["8","17","ada","hand"]' "versions"

inspect m/pickle.pkl
json_is '[d["format"], d["version"], d["globals"]]' '["pickle","4",[]]' "a pickle without globals"
inspect m/pickle.0.pkl
json_is 'd["globals"]' '["__builtin__ complex","_codecs encode"]' "globals of protocol 0"
for file in pickle pickle.z pickle.gz; do
	inspect "m/$file.joblib"
	json_is '[d["format"], d["tensors"][0]["dtype"], d["tensors"][0]["shape"]]' '["joblib","float64",[2,2]]' "the array in $file"
done

inspect m/torch.pt
json_is "$tensors" '[["layer.weight","float32",[2,3],24],["layer.bias","float32",[2],8]]' "tensors of a state dict"
json_is "[($meta)['storages'], ($meta)['byteorder']]" '["2","little"]' "members of the zip"
json_is '"torch._utils _rebuild_tensor_v2" in d["globals"]' true "globals of data.pkl"

inspect m/keras.keras
json_is "[d['version'], $ports]" '["3.4.1",[["in","float32",[-1,28,28]]]]' "version and input"
inspect m/hdf5.h5
json_is '[d["format"], d["version"]]' '["hdf5","0"]' "superblock"
inspect m/npy.npy
json_is "$tensors" '[["npy.npy","<f4",[2,3],24]]' "one array"
inspect m/zip.npz
json_is "$tensors" '[["a","<f4",[2,3],24],["b","object",[1],0]]' "several, compressed"

mkdir saved && cp m/saved_model.pb saved/ && mkdir saved/variables && echo 12345 >saved/variables/v.data
inspect saved
json_is "$ports" '[["x","float32",[-1,4]],["y","int64",[-1]]]' "signature of a SavedModel"
json_is '[d["inputs"][0]["signature"], d["files"]]' '["serving_default",2]' "its name, and the variables"

for file in xgboost_json.json xgboost_ubj.ubj; do
	inspect "m/$file"
	json_is "[d['version'], $ports]" '["2.1.0",[["a","float",[-1]],["b","int",[-1]]]]' "features"
	json_is "[($meta)[k] for k in ('booster', 'objective', 'num_trees', 'best')]" '["gbtree","binary:logistic","2","1"]' "booster"
done
inspect m/lightgbm.txt
json_is "[d['version'], [p['name'] for p in d['inputs']], ($meta)['num_trees']]" '["v4",["a","b"],"2"]' "LightGBM"

mkdir mlflow && cp m/mlflow.yaml mlflow/MLmodel
inspect mlflow
json_is "[d['version'], $ports]" '["2.14.1",[["x","double",[-1]],["output","int64",[-1,2]]]]' "signature of an MLflow model"
json_is "($meta)['sklearn.sklearn_version']" 1.4.0 "flavors"

mkdir hf && cat >hf/config.json <<'JSON'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "transformers_version": "4.44.0"}
JSON
echo '{"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": "{{ m }}"}' >hf/tokenizer_config.json
printf -- '---\nlicense: apache-2.0\ntags: [a]\n---\n# Card\n' >hf/README.md
python3 -I - <<'PY'
import json, struct
for i, name in enumerate("ab"):
    text = json.dumps({name: {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    open(f"hf/model-{i}.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + bytes(8))
json.dump({"metadata": {}, "weight_map": {"a": "model-0.safetensors", "b": "model-1.safetensors"}},
          open("hf/model.safetensors.index.json", "w"))
PY
inspect hf
json_is "[d['format'], d['version'], ($meta)['license'], ($meta)['tokenizer_class']]" \
	'["huggingface","4.44.0","apache-2.0","PreTrainedTokenizerFast"]' "configuration, tokenizer, licence"
json_is '[[t["name"], t["file"]] for t in d["tensors"]]' '[["a","model-0.safetensors"],["b","model-1.safetensors"]]' "shards"
sed -i s/model-1/..%2fmodel-1/ hf/model.safetensors.index.json && sed -i 's/%2f/\//' hf/model.safetensors.index.json
run mlops model inspect hf
rc_is 1 "a shard outside of the folder is refused"
like "$err" 'names no file of this folder' "and named"

echo "no model" >text
run mlops model inspect text
rc_is 1 "what is no model is an error"
like "$err" "'text' is of no format that is known here" "that says so"
run mlops model inspect none
rc_is 1 "what is not there is one"

done_testing
