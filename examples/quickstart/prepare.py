"""Splits the data: of each cultivar the same share of rows is held out, drawn by a seed."""
import csv
import os
import random

import wine

params = wine.read_params("prepare")
names, features, classes = wine.read_table("data/wine.csv")
rng = random.Random(params["seed"])
train, test = [], []
for label in sorted(set(classes)):
    rows = [row + [label] for row, c in zip(features, classes) if c == label]
    rng.shuffle(rows)
    held_out = round(len(rows) * params["test_share"])
    test += rows[:held_out]
    train += rows[held_out:]

os.makedirs("split", exist_ok=True)
for name, rows in (("train", train), ("test", test)):
    with open(f"split/{name}.csv", "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(names + [wine.LABEL])
        out.writerows(rows)
print(f"{len(train)} rows to train on, {len(test)} held out")
