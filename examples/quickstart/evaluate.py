"""Scores the model, through the same predict() that serves it, on rows it has not seen."""
import json
import math
import sys

import wine

sys.dont_write_bytecode = True  # the model's folder stays as train.py left it
sys.path.insert(0, "model")
from predict import predict  # noqa: E402

names, features, classes = wine.read_table("split/test.csv")
results = predict(features)
guesses = [r["class"] for r in results]
pairs = list(zip(guesses, classes))


def f1(label):
    hits = sum(g == label == c for g, c in pairs)
    return 2 * hits / (guesses.count(label) + classes.count(label))


labels = sorted(set(classes))
metrics = {
    "test": {
        "accuracy": sum(g == c for g, c in pairs) / len(pairs),
        "log_loss": -sum(math.log(max(r["probabilities"][c], 1e-15))
                         for r, c in zip(results, classes)) / len(pairs),
        "macro_f1": sum(map(f1, labels)) / len(labels),
        "rows": len(pairs),
    }
}
with open("metrics.json", "w") as f:
    json.dump(metrics, f, indent=2)
    f.write("\n")
print(f"accuracy {metrics['test']['accuracy']:.3f} on {len(pairs)} held-out rows")
