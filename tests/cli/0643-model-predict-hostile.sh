# Models whose trees turn in circles, point outside, or lie about their lengths: refused by name.
. "$(dirname "$0")/../lib/tap.sh"
PYTHONPATH="$tap_src/tests/lib" python3 -S - <<'PY' || exit 1
import json, os
import scoring
from scoring import FILES, TREE, onnx_trees, xgboost

os.makedirs("bad")


def bad(name, data):
    open("bad/" + name, "wb").write(data if isinstance(data, bytes) else json.dumps(data).encode())


bad("circle.json", xgboost(right_children=[2, -1, 0, -1, -1]))
bad("twice.json", xgboost(right_children=[1, -1, 4, -1, -1]))
bad("outside.json", xgboost(right_children=[9, -1, 4, -1, -1]))
bad("feature.json", xgboost(split_indices=[7, 0, 1, 0, 0]))
bad("short.json", xgboost(split_conditions=[1]))
bad("empty.json", xgboost(left_children=[], right_children=[], split_conditions=[], split_indices=[]))
bad("group.json", xgboost(groups=[0, 5]))
bad("category.json", xgboost(categories=[1, 1 << 40]))
bad("segment.json", xgboost(categories_segments=[1 << 40]))
bad("leaf.json", xgboost(categories_nodes=[3]))
bad("vector.json", xgboost(tree_param={"size_leaf_vector": "3"}))
bad("objective.json", xgboost("of:mine"))
bad("base.json", xgboost(base="[1,2,3]"))
bad("classes.json", xgboost(classes=10**12))
bad("text.json", FILES["logistic.json"].replace(b"0.25", b"zero"))
bad("cut.json", FILES["logistic.json"][:-200])
bad("cut.ubj", FILES["logistic.ubj"][:-200])
lightgbm = FILES["lightgbm.txt"]
bad("circle.txt", lightgbm.replace(b"right_child=1 -3", b"right_child=1 0"))
bad("leaves.txt", lightgbm.replace(b"num_leaves=3", b"num_leaves=300000000"))
bad("values.txt", lightgbm.replace(b"leaf_value=0.25 1", b"leaf_value=0.25"))
bad("category.txt", lightgbm.replace(b"cat_boundaries=0 1", b"cat_boundaries=0 9"))
bad("kind.txt", lightgbm.replace(b"decision_type=10", b"decision_type=-3"))
bad("objective.txt", lightgbm.replace(b"=binary", b"=mine"))
bad("cut.txt", lightgbm.replace(b"end of trees", b""))
bad("huge.txt", lightgbm.replace(b"max_feature_idx=1", b"max_feature_idx=9000000000"))
bad("circle.onnx", onnx_trees(nodes_truenodeids=[0, 0, 0]))
bad("order.onnx", onnx_trees(nodes_nodeids=[1, 0, 2]))
bad("target.onnx", onnx_trees(target_ids=[0, 7, 1]))
bad("mode.onnx", onnx_trees("BRANCH_EQ"))
bad("weights.onnx", onnx_trees(target_nodeids=[1, 1, 1]))
bad("operator.onnx", scoring.onnx(scoring.node("MatMul", ["x", "w"], ["y"])))
bad("nothing.onnx", scoring.onnx(scoring.node("Cast", ["x"], ["y"])))
PY
echo 'a,b
1,2' >rows.csv
for file in bad/*; do
	run mlops model predict "$file" rows.csv
	rc_is 1 "$file is refused" && like "$err" "'$file'" "and named"
done
done_testing
