# Model files that the real packages write: what mlops model inspect says is what the packages say,
# mlops scan finds nothing in them, and it finds all that picklescan and modelscan find and more.
# The packages go into a virtual environment outside of the project, $MLOPS_PEER_VENV.
venv=${MLOPS_PEER_VENV:-${TMPDIR:-/tmp}/mlops-peers-formats}
cache=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
. "$(dirname "$0")/../lib/tap.sh"

[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >"$out" 2>&1 || skip_all "python3 cannot make a virtual environment"

# has MODULE [PACKAGE]: the module is there, or was installed now.
has() {
	"$venv/bin/python" -c "import $1" 2>/dev/null && return
	"$venv/bin/pip" install -q --cache-dir "$cache" "${2:-$1}" >"$out" 2>&1
	"$venv/bin/python" -c "import $1" 2>/dev/null
}

# peer MODULE [PACKAGE]: has it, or a skip that names it. The script of the section is standard input.
peer() {
	has numpy && has "$@" || { skip "${2:-$1} cannot be installed" "files of ${2:-$1}"; return 1; }
	mkdir -p "$1" && (cd "$1" && "$venv/bin/python" -W ignore -) >"$tap_root/peer" 2>&1 ||
		{ tap_point 1 "$1 writes its files"; diag <"$tap_root/peer"; return 1; }
}

# same FILE EXPR: what mlops says of it, by EXPR, equals FILE.want, which the package wrote.
same() {
	run mlops model inspect "$1" --json
	schema_ok model-inspect.json "$1: valid"
	json_is "$2" "$(cat "$1.want")" "$1: as its package reads it"
}

# clean DIR: a scan finds nothing.
clean() {
	run mlops scan "$1" --json
	json_is 'd["findings"]' "[]" "$1: nothing is found in ordinary files"
}
tensors='sorted([t["name"], t["dtype"], t["shape"], t["bytes"]] for t in d["tensors"])'
dump='
import json
def want(path, value):
    open(path + ".want", "w").write(json.dumps(value, separators=(",", ":")))
'

if peer safetensors <<PY; then
$dump
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
arrays = {"a": np.zeros((3, 4), np.float32), "b": np.arange(5), "half": np.ones((2, 2, 2), np.float16),
          "flag": np.array([True, False]), "empty": np.zeros((0, 7), np.int8)}
save_file(arrays, "model.safetensors", metadata={"format": "np"})
names = {"float32": "F32", "int64": "I64", "float16": "F16", "bool": "BOOL", "int8": "I8"}
with safe_open("model.safetensors", "np") as f:
    want("model.safetensors", sorted([k, names[str(f.get_tensor(k).dtype)], list(f.get_slice(k).get_shape()),
                                      f.get_tensor(k).nbytes] for k in f.keys()))
PY
	same safetensors/model.safetensors "$tensors"
	clean safetensors
fi

if peer gguf <<PY; then
$dump
import gguf, numpy as np
w = gguf.GGUFWriter("model.gguf", "llama")
w.add_name("tiny")
w.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")
w.add_array("k.words", [f"t{i}" for i in range(1000)])
w.add_tensor("plain", np.zeros((4, 64), np.float32))
for kind in (gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q5_1):
    w.add_tensor(kind.name, gguf.quants.quantize(np.random.rand(8, 256).astype(np.float32), kind), raw_dtype=kind)
w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()
r = gguf.GGUFReader("model.gguf")
want("model.gguf", sorted([t.name, t.tensor_type.name, [int(n) for n in t.shape][::-1], int(t.n_bytes)] for t in r.tensors))
# Every type whose block both know has one size.
import re
want("types", {t.name: [*gguf.GGML_QUANT_SIZES[t]] for t in gguf.GGMLQuantizationType})
PY
	same gguf/model.gguf "$tensors"
	clean gguf
	python3 -I - "$tap_src/lib/registry/formats/gguf_types.c" gguf/types.want >"$out" 2>&1 <<'PY'
import json, re, sys
ours = {n: [int(b), int(s)] for n, b, s in re.findall(r'\{ "(\w+)", (\d+), (\d+) \}', open(sys.argv[1]).read())}
theirs = json.load(open(sys.argv[2]))
wrong = {n: [ours[n], theirs[n]] for n in ours if n in theirs and ours[n] != theirs[n]}
missing = [n for n in theirs if n not in ours]
print("wrong", wrong, "missing", missing)
sys.exit(bool(wrong or missing))
PY
	tap_point $? "all tensor types of gguf are known, with their sizes" || diag <"$out"
fi

if peer onnx <<PY; then
$dump
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
w = numpy_helper.from_array(np.zeros((4, 3), np.float32), "w")
graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [w])
model = helper.make_model(graph, producer_name="peer", opset_imports=[helper.make_opsetid("", 17)])
helper.set_model_props(model, {"author": "ada"})
onnx.save(model, "model.onnx")
m = onnx.load("model.onnx")
shape = lambda v: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
want("model.onnx", [str(m.ir_version), [[v.name, shape(v)] for v in [*m.graph.input, *m.graph.output]],
                    [[t.name, list(t.dims)] for t in m.graph.initializer]])
PY
	same onnx/model.onnx '[d["version"], [[p["name"], p["shape"]] for p in d["inputs"] + d["outputs"]], [[t["name"], t["shape"]] for t in d["tensors"]]]'
	clean onnx
fi

if has scipy && has joblib && peer sklearn scikit-learn <<PY; then
$dump
import joblib, numpy as np, pickle, pickletools
from sklearn import (cluster, decomposition, ensemble, feature_extraction, gaussian_process, linear_model, model_selection,
                     naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)
from sklearn.compose import ColumnTransformer
rng = np.random.RandomState(0)
x, y = rng.rand(60, 4), np.arange(60) % 3
models = [ensemble.RandomForestClassifier(5), ensemble.GradientBoostingClassifier(n_estimators=3),
          ensemble.HistGradientBoostingClassifier(max_iter=3), ensemble.IsolationForest(n_estimators=3),
          linear_model.LogisticRegression(), linear_model.Ridge(), linear_model.SGDClassifier(), svm.SVC(), svm.LinearSVC(),
          tree.DecisionTreeRegressor(), neighbors.KNeighborsClassifier(), neighbors.KNeighborsClassifier(algorithm="kd_tree"),
          naive_bayes.GaussianNB(), neural_network.MLPClassifier((5,), max_iter=5), cluster.KMeans(3),
          decomposition.PCA(2), gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF()),
          model_selection.GridSearchCV(svm.SVC(), {"C": [1, 2]}, cv=2), ensemble.AdaBoostClassifier(n_estimators=2),
          ensemble.VotingClassifier([("a", svm.SVC()), ("b", naive_bayes.GaussianNB())]), cluster.Birch(),
          ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], cv=2), cluster.DBSCAN(),
          pipeline.make_pipeline(ColumnTransformer([("n", preprocessing.StandardScaler(), [0, 1])], remainder="passthrough"),
                                 preprocessing.QuantileTransformer(n_quantiles=5), linear_model.Lasso())]
for i, model in enumerate(models):
    model.fit(x, y)
    for protocol in (0, 2, 5):
        pickle.dump(model, open(f"{i}.{protocol}.pkl", "wb"), protocol)
    joblib.dump(model, f"{i}.joblib")
    joblib.dump(model, f"{i}.z.joblib", compress=3)
text = feature_extraction.text.TfidfVectorizer().fit(["a rose is a rose", "is it"])
pickle.dump(text, open("text.pkl", "wb"))
for c in ("gzip", "bz2", "lzma", "xz"):
    joblib.dump(models[0], f"c.{c}.joblib", compress=(c, 3))
joblib.dump({"o": np.array([1, "a", None], dtype=object), "t": np.array(["2020-01-01"], "M8[D]"), "u": np.array(["abc"])},
            "arrays.joblib")
np.save("a.npy", x), np.savez("a.npz", x=x, y=y), np.savez_compressed("c.npz", x=x)
globals_ = set()
strings = []
for op, arg, _ in pickletools.genops(open("0.2.pkl", "rb").read()):
    if op.name == "GLOBAL":
        globals_.add(arg)
want("0.2.pkl", sorted(globals_))
PY
	same sklearn/0.2.pkl 'd["globals"]'
	clean sklearn
	unread=
	for file in sklearn/*.pkl sklearn/*.joblib sklearn/*.np?; do
		mlops model inspect "$file" >"$out" 2>&1 || unread="$unread $file"
	done
	is "$unread" "" "all files of scikit-learn, joblib and numpy are read"
fi

if has sklearn scikit-learn && peer xgboost xgboost-cpu <<PY; then
$dump
import numpy as np, pickle, xgboost
x, y = np.random.rand(50, 3), np.arange(50) % 2
b = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(x, y, feature_names=["a", "b", "c"]), 4)
for name in ("model.json", "model.ubj"):
    b.save_model(name)
    want(name, [b.feature_names, str(b.num_boosted_rounds())])
pickle.dump(xgboost.XGBClassifier(n_estimators=2).fit(x, y), open("model.pkl", "wb"))
PY
	for name in model.json model.ubj; do
		same xgboost/$name '[[p["name"] for p in d["inputs"]], [p["value"] for p in d["metadata"] if p["key"] == "num_trees"][0]]'
	done
	clean xgboost
fi

if has sklearn scikit-learn && peer lightgbm <<PY; then
$dump
import lightgbm, numpy as np, pickle
x, y = np.random.rand(200, 3), np.arange(200) % 2
m = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(x, y)
m.booster_.save_model("model.txt")
want("model.txt", [m.booster_.feature_name(), str(m.booster_.num_trees())])
pickle.dump(m, open("model.pkl", "wb"))
PY
	same lightgbm/model.txt '[[p["name"] for p in d["inputs"]], [p["value"] for p in d["metadata"] if p["key"] == "num_trees"][0]]'
	clean lightgbm
fi

if peer h5py <<PY; then
$dump
import h5py
for name, version in (("old.h5", "earliest"), ("new.h5", "latest")):
    with h5py.File(name, "w", libver=version) as f:
        f["d"] = [1, 2, 3]
    with h5py.File(name) as f:
        want(name, ["hdf5", f.id.get_create_plist().get_version()[0]])
PY
	same h5py/old.h5 '[d["format"], int(d["version"])]'
	same h5py/new.h5 '[d["format"], int(d["version"])]'
	clean h5py
fi

if peer pandas <<PY; then
import pandas as pd
f = pd.DataFrame({"i": [1, 2], "f": [.5, None], "s": ["a", "b"], "t": pd.to_datetime(["2020-01-01", "2021-01-01"]),
                  "c": pd.Categorical(["x", "y"])})
f.to_pickle("frame.pkl"), f["i"].to_pickle("series.pkl"), f.set_index("t").to_pickle("index.pkl")
PY
	clean pandas
fi

# Streams that run a command, judged by all three; they are only ever read.
if has picklescan && has modelscan; then
	mkdir hostile
	python3 -I - <<'PY'
def short(s):
    return b"\x8c" + bytes([len(s)]) + s.encode()
for module, name in [("os", "system"), ("builtins", "eval"), ("importlib", "import_module"), ("marshal", "loads"),
                     ("mailcap", "findmatch"), ("vendor.tools", "launch"), ("pkgutil", "resolve_name"),
                     ("subprocess", "Popen"), ("runpy", "run_path"), ("numpy.f2py.crackfortran", "getlincoef"),
                     ("timeit", "timeit"), ("idlelib.run", "Executive")]:
    open(f"hostile/{module}.{name}.pkl", "wb").write(
        b"\x80\x04" + short(module) + short(name) + b"\x93" + short("id") + b"\x85R.")
PY
	ours=0 picklescan=0 modelscan=0 total=0
	for file in hostile/*; do
		total=$((total + 1))
		mlops scan "$file" >"$out" 2>&1
		[ $? = 3 ] && ours=$((ours + 1))
		"$venv/bin/picklescan" -p "$file" >"$out" 2>&1
		[ $? = 1 ] && picklescan=$((picklescan + 1))
		"$venv/bin/modelscan" -p "$file" >"$out" 2>&1
		[ $? = 1 ] && modelscan=$((modelscan + 1))
	done
	is "$ours" "$total" "all hostile pickles are found (picklescan: $picklescan, modelscan: $modelscan, of $total)"
else
	skip "picklescan and modelscan cannot be installed" "hostile pickles beside other scanners"
fi

done_testing
