# What mlops scan finds beside pickles: tricks of zip files, programs, Keras, TensorFlow, ONNX,
# templates, secrets; and that it shows no secret.
. "$(dirname "$0")/../lib/tap.sh"

PYTHONPATH="$tap_src/tests/lib" python3 -S - <<'PY' || exit 1
import io, json, os, struct, zipfile
import models

os.makedirs("t")


def put(name, data):
    open("t/" + name, "wb").write(data if isinstance(data, bytes) else data.encode())


elf = b"\x7fELF\x02\x01\x01" + bytes(64)
pe = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(64)
put("elf.zip", models.zipped([("readme.txt", elf)]))
put("pe.zip", models.zipped([("a.png", pe)], zipfile.ZIP_DEFLATED))
put("macho.zip", models.zipped([("a", b"\xcf\xfa\xed\xfe" + bytes(64))]))
put("lib.so", elf)
put("path.zip", models.zipped([("../../etc/cron.d/x", "x")]))
put("absolute.zip", models.zipped([("/etc/x", "x")]))
put("backslash.zip", models.zipped([("..\\x", "x")]))
plain = models.zipped([("one.txt", "x"), ("two.txt", "y")])
put("twice.zip", plain.replace(b"two.txt", b"one.txt"))
put("name.zip", plain[:plain.index(b"two.txt")] + b"TWO.TXT" + plain[plain.index(b"two.txt") + 7:])
link = io.BytesIO()
with zipfile.ZipFile(link, "w") as z:
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    z.writestr(info, "/etc/passwd")
put("link.zip", link.getvalue())
# A directory that lists the second member only; the first is still in the file.
at, end = plain.index(b"PK\1\2"), plain.rindex(b"PK\5\6")
first = 46 + len("one.txt")
directory = plain[at:at + first]
tail = bytearray(plain[end:])
tail[8:12] = struct.pack("<HH", 1, 1)
tail[12:16] = struct.pack("<I", len(directory))
put("hidden.zip", plain[:at] + directory + bytes(tail))

put("lambda.keras", models.keras({"class_name": "Lambda", "module": "keras.layers", "config": {"function": {
    "class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}))
put("foreign.keras", models.keras({"class_name": "Layer", "module": "my_package.layers", "config": {}}))
put("danger.keras", models.keras({"class_name": "function", "module": "builtins", "config": "eval"}))
put("lambda.h5", models.hdf5(b'{"class_name": "Lambda", "config": {}}'))
os.makedirs("t/readfile"), os.makedirs("t/pyfunc")
put("readfile/saved_model.pb", models.saved_model("ReadFile"))
put("pyfunc/saved_model.pb", models.saved_model("EagerPyFunc"))
put("escape.onnx", models.onnx("../../../etc/passwd"))
put("bad.safetensors", models.FILES["safetensors.safetensors"][:-1])
put("template.gguf", models.gguf().replace(b"{{ messages }}", b"{{x.__class__}}"[:14]))
os.makedirs("t/template"), os.makedirs("t/remote")
put("template/tokenizer_config.json", json.dumps({"chat_template": "{{ cycler.__init__.__globals__.os.popen('id') }}"}))
put("remote/config.json", json.dumps({"auto_map": {"AutoModel": "modeling.Model"}}))

os.makedirs("secrets")
secrets = {"aws": "AKIA" + "Q3XZ7LMNPR5TUVWY", "github": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
           "hf": "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "slack": "xoxb-" + "123456789012-abcdefGHIJKLmnop",
           "openai": "sk-" + "proj-abcdEFGH1234ijklMNOP5678qrstUVWX9012yz", "google": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"}
for name, secret in secrets.items():
    open(f"secrets/{name}.txt", "w").write("x" * 300000 + f"\ntoken = '{secret}'\n")
open("secrets/key.pem", "w").write("-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow" * 20)
open("all-secrets", "w").write("\n".join(secrets.values()))
os.makedirs("fine")
open("fine/doc.md", "w").write("AKIAIOSFODNN7EXAMPLE, hf_" + "x" * 34 + ", sk-learn, ghp_short, -----BEGIN CERTIFICATE-----, sha_hf_abc")
for name in ("torch.pt", "keras.keras", "npy.npy", "zip.npz", "onnx.onnx", "onnx.external.onnx", "saved_model.pb", "hdf5.h5",
             "gguf.gguf", "safetensors.safetensors", "xgboost_json.json", "xgboost_ubj.ubj", "lightgbm.txt",
             "pickle.joblib", "pickle.z.joblib", "pickle.gz.joblib", "mlflow.yaml"):
    open("fine/" + name, "wb").write(models.FILES[name])
PY

# found PATH RULE: the scan reports that rule.
found() {
	run mlops scan --json "t/$1"
	json_is "'$2' in [f['rule'] for f in d['findings']]" true "$1: $2"
}
found elf.zip embedded-executable
found pe.zip embedded-executable
found macho.zip embedded-executable
found lib.so executable-file
found path.zip zip-path
found absolute.zip zip-path
found backslash.zip zip-path
found link.zip zip-path
found twice.zip zip-duplicate
found name.zip zip-mismatch
found hidden.zip zip-hidden-member
found lambda.keras keras-lambda
found foreign.keras keras-foreign-class
found danger.keras keras-dangerous-import
found lambda.h5 keras-lambda
found readfile tensorflow-dangerous-op
found pyfunc tensorflow-dangerous-op
found escape.onnx onnx-external-path
found bad.safetensors model-damaged
found template.gguf template-code
found template template-code
found remote remote-code

for file in secrets/*.txt; do
	run mlops scan --json "$file"
	json_is "[f['rule'] for f in d['findings']]" '["secret"]' "$file holds one"
done
run mlops scan secrets
rc_is 3 "secrets fail the scan"
like "$out" 'private-key' "a private key is found"
tap_leaks=$(grep -cFf all-secrets "$out")
is "$tap_leaks" 0 "no secret is shown"

run mlops scan fine
rc_is 0 "ordinary files"
like "$out" '^0 findings in 18 files$' "have no findings"

run mlops scan --sarif t/elf.zip t/lib.so
rc_is 3 "SARIF exits as the table does"
json_is '[d["version"], len(d["runs"])]' '["2.1.0",1]' "SARIF 2.1.0"
json_is '[r["ruleId"] for r in d["runs"][0]["results"]]' '["embedded-executable","executable-file"]' "its results"
json_is 'all(d["runs"][0]["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in d["runs"][0]["results"])' \
	true "rules are named by index"
json_is 'd["runs"][0]["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]' 't/elf.zip!readme.txt' \
	"a member is a logical location"

mkdir walk && cp secrets/key.pem walk/ && ln -s ../secrets walk/link && mkdir walk/.git && cp secrets/key.pem walk/.git/
run mlops scan walk --json
json_is 'd["files"]' 1 "neither links nor .git are followed"

done_testing
