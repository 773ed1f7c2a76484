"""scoring.py DIR: small models that are scored without Python, each with a split of every kind.

Rows have the columns a and b. What they predict for ROWS follows from the trees by hand; see WANT.
"""
import json
import math
import os
import struct
import sys

from models import field, ubjson

NAN = float("nan")
ROWS = [(0.4, 0), (0.5, 1), (0.5, 2), (NAN, 1), (0.9, NAN), (0.9, -1), (0.9, 100)]


def logistic(x):
    return 1 / (1 + math.exp(-x))


def numbers(values, real=False):
    """A typed array of UBJSON, which the helper of models.py makes of whole numbers only."""
    if real:
        return b"[$d#L" + struct.pack(">q", len(values)) + struct.pack(f">{len(values)}f", *values)
    return b"[$l#L" + struct.pack(">q", len(values)) + struct.pack(f">{len(values)}i", *values)


# a < 0.5, and where a is missing: 0.25; else b among 1 and 3, or missing: 1, else -0.5.
TREE = {"left_children": [1, -1, 3, -1, -1], "right_children": [2, -1, 4, -1, -1], "split_indices": [0, 0, 1, 0, 0],
        "split_conditions": [0.5, 0.25, 0, -0.5, 1.0], "default_left": [1, 0, 0, 0, 0], "split_type": [0, 0, 1, 0, 0],
        "categories": [1, 3], "categories_nodes": [2], "categories_segments": [0], "categories_sizes": [2],
        "tree_param": {"num_feature": "2", "num_nodes": "5", "size_leaf_vector": "1"}}
SUMS = [0.25, 1, -0.5, 0.25, 1, -0.5, -0.5]


def xgboost(objective="binary:logistic", trees=2, classes=0, base="5E-1", groups=None, **tree):
    model = {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(trees)},
             "tree_info": groups or [0] * trees, "trees": [dict(TREE, **tree)] * trees}
    return {"learner": {"attributes": {}, "feature_names": ["a", "b"], "feature_types": ["float", "c"],
                        "gradient_booster": {"model": model, "name": "gbtree"},
                        "learner_model_param": {"base_score": base, "num_class": str(classes), "num_feature": "2",
                                                "num_target": "1"},
                        "objective": {"name": objective}}, "version": [2, 1, 0]}


def binary(v, key=""):
    if isinstance(v, dict):
        return b"{" + b"".join(b"L" + struct.pack(">q", len(k)) + k.encode() + binary(x, k) for k, x in v.items()) + b"}"
    if isinstance(v, list) and v and not isinstance(v[0], (dict, str)):
        return numbers(v, key in ("split_conditions", "weights"))
    if isinstance(v, list):
        return b"[#L" + struct.pack(">q", len(v)) + b"".join(map(binary, v))
    return ubjson(v)


# The same tree: a <= 0.5 or missing, but b among 1 and 3 goes left, and to the right when it is missing.
LIGHTGBM = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=1
objective=%s
feature_names=a b

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.49 0
decision_type=10 1
left_child=-1 -2
right_child=1 -3
leaf_value=0.25 1 -0.5
cat_boundaries=0 1
cat_threshold=10
%sis_linear=%d
shrinkage=1

end of trees
"""
LIGHTGBM_SUMS = [0.25, 1, -0.5, 0.25, -0.5, -0.5, -0.5]
# Its leaves as functions: 1 + 2a, 3b, and 5; a or b that is missing leaves the plain value.
LINEAR = "leaf_const=1 0 5\nnum_features=1 1 0\nleaf_features=0 1\nleaf_coeff=2 3\n"
LINEAR_SUMS = [1.8, 3, 5, 0.25, 5, 5, 5]


def attribute(name, value):
    """AttributeProto of a text, a list of texts, of whole numbers, or of floats (packed)."""
    if isinstance(value, str):
        return field(5, field(1, name) + field(4, value))
    if isinstance(value[0], str):
        return field(5, field(1, name) + b"".join(field(9, v) for v in value))
    if isinstance(value[0], int):
        return field(5, field(1, name) + b"".join(field(8, v) for v in value))
    return field(5, field(1, name) + field(7, struct.pack(f"<{len(value)}f", *value)))


def number(name, value):
    return field(5, field(1, name) + field(3, value))


def node(op, inputs, outputs, *attributes):
    return field(1, b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(4, op) +
                 b"".join(attributes))


def onnx(*nodes, columns=2, kind=1):
    shape = field(1, field(2, "N")) + field(1, field(1, columns))
    graph = b"".join(nodes) + field(11, field(1, "x") + field(2, field(1, field(1, kind) + field(2, shape))))
    return field(1, 8) + field(7, graph)


def onnx_linear():
    """Scaled by (x - [1, 2]) * [2, 1], then classes of one score, and the way of the label beside it."""
    return onnx(node("Cast", ["x"], ["x1"]),
                node("Scaler", ["x1"], ["s"], attribute("offset", [1.0, 2.0]), attribute("scale", [2.0, 1.0])),
                node("LinearClassifier", ["s"], ["l", "p"], attribute("coefficients", [-1.0, -0.5, 1.0, 0.5]),
                     attribute("intercepts", [-0.25, 0.25]), attribute("classlabels_ints", [0, 1]),
                     attribute("post_transform", "LOGISTIC")),
                node("Cast", ["l"], ["label"]),
                node("Normalizer", ["p"], ["q"], attribute("norm", "L1")), node("ZipMap", ["q"], ["map"]))


def onnx_trees(mode="BRANCH_GT", **changed):
    """Two targets; a > 0.45 is the first branch, where missing values go too."""
    parts = {"nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0, 0, 0],
             "nodes_values": [0.45, 0.0, 0.0], "nodes_modes": [mode, "LEAF", "LEAF"], "nodes_truenodeids": [1, 0, 0],
             "nodes_falsenodeids": [2, 0, 0], "nodes_missing_value_tracks_true": [1, 0, 0],
             "target_treeids": [0, 0, 0], "target_nodeids": [1, 1, 2], "target_ids": [0, 1, 1],
             "target_weights": [1.0, 2.0, 4.0], "base_values": [10.0, 20.0]}
    parts.update(changed)
    return onnx(node("TreeEnsembleRegressor", ["x"], ["y"], number("n_targets", 2),
                     *(attribute(k, v) for k, v in parts.items())))


def xgboost_linear():
    model = xgboost("reg:squarederror", base="1")
    model["learner"]["gradient_booster"] = {"model": {"weights": [2, -1, 3]}, "name": "gblinear"}
    return model


FILES = {
    "logistic.json": json.dumps(xgboost()).encode(), "logistic.ubj": binary(xgboost()),
    "softprob.json": json.dumps(xgboost("multi:softprob", 3, 3, groups=[0, 2, 2])).encode(),
    "linear.json": json.dumps(xgboost_linear()).encode(),
    "lightgbm.txt": (LIGHTGBM % ("binary sigmoid:2", "", 0)).encode(),
    "leaves.txt": (LIGHTGBM % ("regression", LINEAR, 1)).encode(),
    "linear.onnx": onnx_linear(), "trees.onnx": onnx_trees(),
}


def softmax(v):
    e = [math.exp(x) for x in v]
    return [x / sum(e) for x in e]


WANT = {
    "logistic.json": [[logistic(2 * s)] for s in SUMS], "logistic.ubj": [[logistic(2 * s)] for s in SUMS],
    "softprob.json": [softmax([0.5 + s, 0.5, 0.5 + 2 * s]) for s in SUMS],
    "linear.json": [[4 + 2 * a - b] for a, b in ROWS[:3]],
    "lightgbm.txt": [[logistic(2 * s)] for s in LIGHTGBM_SUMS],
    "leaves.txt": [[s] for s in LINEAR_SUMS],
    "linear.onnx": [[1 - p, p] for p in (logistic(2 * (a - 1) + (b - 2) / 2 + 0.25) for a, b in ROWS[:3])],
    "trees.onnx": [[11, 22] if not a <= 0.45 else [10, 24] for a, b in ROWS],
}

if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in FILES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)
    for rows, name in ((ROWS, "rows.csv"), (ROWS[:3], "whole.csv")):
        with open(os.path.join(sys.argv[1], name), "w") as f:
            f.write("id,b,a\n" + "".join(
                f"x,{'' if b != b else b},{'' if a != a else a}\n" for a, b in rows))
