"""models.py DIR: tiny model files of each format, put together byte by byte.

The tests and the fuzz targets start from them, so that no binary is committed and no package is
needed. FILES maps a name to bytes; the part of the name before the dot is the fuzz target's.
"""
import gzip
import io
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib


def safetensors(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def gguf_string(text, word="Q"):
    return struct.pack("<" + word, len(text)) + text.encode()


def gguf(version=3, order="<", tensors=True):
    """All value types, an array of each kind, one plain and one quantised tensor."""
    w = "I" if version == 1 else "Q"

    def s(text):
        return struct.pack(order + w, len(text)) + text.encode()

    def kv(key, kind, fmt, *values):
        return s(key) + struct.pack(order + "I" + fmt, kind, *values)

    pairs = [
        s("general.architecture") + struct.pack(order + "I", 8) + s("llama"),
        kv("k.u8", 0, "B", 200), kv("k.i8", 1, "b", -3), kv("k.u16", 2, "H", 60000),
        kv("k.i16", 3, "h", -300), kv("k.u32", 4, "I", 7), kv("k.i32", 5, "i", -70000),
        kv("k.f32", 6, "f", 0.5), kv("k.bool", 7, "B", 1), kv("k.u64", 10, "Q", 1 << 60),
        kv("k.i64", 11, "q", -(1 << 60)), kv("k.f64", 12, "d", 0.1),
        s("k.array") + struct.pack(order + "II" + w + "3i", 9, 5, 3, 1, 2, 3),
        s("k.words") + struct.pack(order + "II" + w, 9, 8, 20) + b"".join(s(f"w{i}") for i in range(20)),
        s("k.nested") + struct.pack(order + "II" + w + "I" + w + "2B", 9, 9, 1, 0, 2, 8, 9),
        s("tokenizer.chat_template") + struct.pack(order + "I", 8) + s("{{ messages }}"),
        kv("general.file_type", 4, "I", 2),
    ]
    infos = [(s("plain"), [3, 2], 0, 0), (s("quantised"), [64], 2, 32)] if tensors else []
    body = b"GGUF" + struct.pack(order + "I" + w + w, version, len(infos), len(pairs)) + b"".join(pairs)
    for name, dims, kind, offset in infos:
        body += name + struct.pack(order + "I", len(dims)) + struct.pack(f"{order}{len(dims)}{w}", *dims)
        body += struct.pack(order + "IQ", kind, offset)
    body += bytes(-len(body) % 32)
    return body + (bytes(32) + bytes(36) if tensors else b"")


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """A field of a protobuf message: a number, or bytes or text."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx_value(name, kind, dims):
    shape = b"".join(field(1, field(1, d) if isinstance(d, int) else field(2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def onnx(location=None):
    tensor = field(1, 4) + field(1, 3) + field(2, 1) + field(8, "w")
    if location:
        tensor += field(13, field(1, "location") + field(2, location)) + field(14, 1)
    else:
        tensor += field(9, bytes(48))
    graph = field(1, field(1, "x") + field(1, "w") + field(2, "y") + field(4, "MatMul")) + field(2, "g")
    graph += field(5, tensor) + field(11, onnx_value("x", 1, ["batch", 4]))
    graph += field(11, onnx_value("w", 1, [4, 3])) + field(12, onnx_value("y", 1, ["batch", 3]))
    return (field(1, 8) + field(2, "hand") + field(7, graph) + field(8, field(1, "") + field(2, 17)) +
            field(14, field(1, "author") + field(2, "ada")))


def saved_model(op="MatMul"):
    def info(dtype, *dims):
        return field(1, "x:0") + field(2, dtype) + field(3, b"".join(field(2, field(1, d)) for d in dims))

    signature = field(1, field(1, "x") + field(2, info(1, -1, 4)))
    signature += field(2, field(1, "y") + field(2, info(9, -1)))
    graph = field(1, field(1, "n") + field(2, op)) + field(2, field(1, field(3, field(2, "Identity"))))
    meta = field(1, field(4, "serve") + field(5, "2.16.0")) + field(2, graph)
    return field(1, 1) + field(2, meta + field(5, field(1, "serving_default") + field(2, signature)))


def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def torch_pickle():
    """{"layer.weight": tensor(2x3 float32), "layer.bias": tensor(2)}, as torch.save() writes it."""
    def tensor(key, *shape):
        dims = b"(" + b"".join(b"K" + bytes([n]) for n in shape) + b"t"
        return (b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + short(key) +
                short("cpu") + b"K\x06tQK\x00" + dims + dims + b"\x89ccollections\nOrderedDict\n)RtR")

    return (b"\x80\x02ccollections\nOrderedDict\n)R(" + short("layer.weight") + tensor("0", 2, 3) +
            short("layer.bias") + tensor("1", 2) + b"u.")


def torch(pickled=None):
    return zipped([("m/data.pkl", pickled or torch_pickle()), ("m/byteorder", "little"), ("m/data/0", bytes(24)),
                   ("m/data/1", bytes(8)), ("m/version", "3\n")])


def keras(*layers):
    config = {"class_name": "Sequential", "module": "keras", "config": {"name": "net", "layers": [
        {"class_name": "InputLayer", "module": "keras.layers",
         "config": {"name": "in", "batch_shape": [None, 28, 28], "dtype": "float32"}}, *layers]}}
    return zipped([("metadata.json", '{"keras_version": "3.4.1", "date_saved": "2024-07-01"}'),
                   ("config.json", json.dumps(config)), ("model.weights.h5", hdf5())], zipfile.ZIP_DEFLATED)


def hdf5(text=b""):
    data = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    return data + struct.pack("<QQQQ", 0, 2**64 - 1, 96 + len(text), 2**64 - 1) + bytes(40) + text


def npy(descr="<f4", shape=(2, 3), data=bytes(24)):
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def joblib():
    """An array of 2x2 float64 as joblib keeps it: raw bytes behind the BUILD of its wrapper."""
    return (b"\x80\x04" + short("joblib.numpy_pickle") + short("NumpyArrayWrapper") + b"\x93)\x81}(" +
            short("subclass") + b"cnumpy\nndarray\n" + short("shape") + b"K\x02K\x02\x86" + short("order") +
            short("C") + short("dtype") + b"cnumpy\ndtype\n" + short("f8") + b"\x89\x88\x87R" +
            b"(K\x03" + short("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" +
            short("allow_mmap") + b"\x88" + short("numpy_array_alignment_bytes") + b"K\x10" + b"ub" +
            b"\x03\xff\xff\xff" + bytes(32) + b".")


XGBOOST = {"learner": {
    "attributes": {"best": "1"}, "feature_names": ["a", "b"], "feature_types": ["float", "int"],
    "gradient_booster": {"model": {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "2"},
                                   "tree_info": [0, 0], "trees": [{"left_children": [1, -1, -1]}] * 2},
                         "name": "gbtree"},
    "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"},
    "objective": {"name": "binary:logistic"}}, "version": [2, 1, 0]}


def ubjson(v):
    """As XGBoost writes it: 64-bit lengths, typed arrays of numbers."""
    if isinstance(v, str):
        return b"SL" + struct.pack(">q", len(v)) + v.encode()
    if isinstance(v, int):
        return b"l" + struct.pack(">i", v)
    if isinstance(v, list) and v and all(isinstance(x, int) for x in v) and len(v) != 3:
        return b"[$l#L" + struct.pack(">q", len(v)) + struct.pack(f">{len(v)}i", *v)
    if isinstance(v, list):
        return b"[#L" + struct.pack(">q", len(v)) + b"".join(map(ubjson, v))
    members = b"".join(b"L" + struct.pack(">q", len(k)) + k.encode() + ubjson(x) for k, x in v.items())
    return b"{" + members + b"}"


LIGHTGBM = b"""tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[0:1] [0:1]
tree_sizes=10 20

Tree=0
num_leaves=2
"""

MLMODEL = b"""artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.2
  sklearn:
    sklearn_version: 1.4.0
mlflow_version: 2.14.1
run_id: 0123456789abcdef0123456789abcdef
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 2]}}]'
"""

TENSORS = {"__metadata__": {"format": "pt"},
           "a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]},
           "b": {"dtype": "I64", "shape": [5], "data_offsets": [48, 88]},
           "s": {"dtype": "BF16", "shape": [], "data_offsets": [88, 90]}}

FILES = {
    "safetensors.safetensors": safetensors(TENSORS, bytes(90)),
    "gguf.gguf": gguf(), "gguf.v1.gguf": gguf(1), "gguf.v2.gguf": gguf(2), "gguf.be.gguf": gguf(3, ">"),
    "onnx.onnx": onnx(), "onnx.external.onnx": onnx("weights.bin"),
    "pickle.pkl": pickle.dumps({"a": [1, 2.5, None, True, "x" * 300, b"y", 10**30], "b": {1}}, 4),
    "pickle.0.pkl": pickle.dumps({"a": [1, 2.5, "x", b"y"], "b": complex(1, 2)}, 0),
    "pickle.joblib": joblib(), "pickle.z.joblib": zlib.compress(joblib()), "pickle.gz.joblib": gzip.compress(joblib()),
    "torch.pt": torch(), "keras.keras": keras(), "hdf5.h5": hdf5(), "npy.npy": npy(),
    "zip.npz": zipped([("a.npy", npy()), ("b.npy", npy("|O", (1,), pickle.dumps(1)))], zipfile.ZIP_DEFLATED),
    "saved_model.pb": saved_model(), "xgboost_json.json": json.dumps(XGBOOST).encode(),
    "xgboost_ubj.ubj": ubjson(XGBOOST), "lightgbm.txt": LIGHTGBM, "mlflow.yaml": MLMODEL,
}

if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in FILES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)
