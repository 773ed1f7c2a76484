"""Fits a softmax regression to standardised features by gradient descent."""
import json
import math
import os
import random
import shutil
import subprocess

import wine

LOG_EVERY = 50  # epochs


def mean_and_deviation(column):
    mean = sum(column) / len(column)
    return mean, math.sqrt(sum((x - mean) ** 2 for x in column) / len(column)) or 1.0


def softmax(scores):
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    total = sum(powers)
    return [p / total for p in powers]


def epoch_gradient(rows, classes, weights):
    """The mean loss, and its gradient for each weight (the last of a class is its bias)."""
    gradient = [[0.0] * len(w) for w in weights]
    loss = 0.0
    for row, label in zip(rows, classes):
        p = softmax([sum(a * b for a, b in zip(w, row)) + w[-1] for w in weights])
        loss -= math.log(max(p[label], 1e-15))
        for k, g in enumerate(gradient):
            error = p[k] - (k == label)
            for i, x in enumerate(row):
                g[i] += error * x
            g[-1] += error
    return loss / len(rows), [[v / len(rows) for v in g] for g in gradient]


def log_loss(loss, epoch):
    print(f"epoch {epoch}: loss {loss:.4f}")
    if "MLOPS_RUN_ID" in os.environ:
        subprocess.run(["mlops", "log", "metric", f"loss={loss}", "--step", str(epoch)], check=True)


def main():
    params = wine.read_params("train")
    names, features, classes = wine.read_table("split/train.csv")
    scaling = [mean_and_deviation(column) for column in zip(*features)]
    rows = [[(x - m) / d for x, (m, d) in zip(row, scaling)] for row in features]
    rng = random.Random(params["seed"])
    n_classes = max(classes) + 1
    weights = [[rng.gauss(0, 0.01) for _ in range(len(names) + 1)] for _ in range(n_classes)]

    for epoch in range(1, params["epochs"] + 1):
        loss, gradient = epoch_gradient(rows, classes, weights)
        for w, g in zip(weights, gradient):
            for i in range(len(w)):
                decay = params["l2"] * w[i] if i < len(names) else 0.0
                w[i] -= params["lr"] * (g[i] + decay)
        if epoch % LOG_EVERY == 0 or epoch == params["epochs"]:
            log_loss(loss, epoch)

    os.makedirs("model", exist_ok=True)
    with open("model/model.json", "w") as f:
        json.dump({"features": names, "means": [m for m, _ in scaling],
                   "deviations": [d for _, d in scaling], "weights": weights}, f, indent=1)
    shutil.copy("predict.py", "model/predict.py")
    with open("model/sample.json", "w") as f:  # rows that a deployment must be able to predict
        json.dump(features[:2], f)


main()
