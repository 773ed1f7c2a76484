"""The model as it is served: `mlops deploy` calls predict() with the rows of a request."""
import json
import math
import os

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.json")) as _f:
    MODEL = json.load(_f)


def predict_row(row):
    if isinstance(row, dict):
        row = [row[name] for name in MODEL["features"]]
    if len(row) != len(MODEL["features"]):
        raise ValueError(f"a row has {len(MODEL['features'])} numbers, not {len(row)}")
    x = [(v - m) / d for v, m, d in zip(row, MODEL["means"], MODEL["deviations"])]
    scores = [sum(a * b for a, b in zip(w, x)) + w[-1] for w in MODEL["weights"]]
    powers = [math.exp(s - max(scores)) for s in scores]
    probabilities = [p / sum(powers) for p in powers]
    return {"class": probabilities.index(max(probabilities)), "probabilities": probabilities}


def predict(rows):
    """Rows are lists of 13 numbers in the order of the data, or dicts by the name of the feature."""
    return [predict_row(row) for row in rows]
