"""monitor_data.py ROWS REFERENCE CURRENT: the tables of the bench, 14 columns of numbers and 6 of
categories with 1% missing values; CURRENT has the five drifts of tests/lib/drift_set.py."""
import sys

import numpy as np
import pandas as pd

LEVELS = [3, 5, 12, 50, 200, 1000]
DRIFT = {2: (0.05, 1), 5: (0.3, 1), 9: (0, 1.4)}


def number(r, i, rows, drifted):
    if i % 4 == 3:
        return r.integers(0, 5000, rows)
    shift, spread = DRIFT.get(i, (0, 1)) if drifted else (0, 1)
    x = r.exponential(1, rows) - 1 if i % 4 == 1 else r.normal(0, 1, rows)
    return np.round(x * spread + shift, 6)


def category(r, k, rows, drifted):
    weights = 1 / np.arange(1, LEVELS[k] + 1)
    if drifted and k == 1:
        weights = weights[::-1]
    codes = r.choice(LEVELS[k], rows, p=weights / weights.sum())
    if drifted and k == 4:
        codes[r.random(rows) < 0.02] = LEVELS[k]
    return np.array([f"c{k}_{j}" for j in range(LEVELS[k] + 1)])[codes]


def table(r, rows, drifted):
    columns = {f"n{i}": pd.Series(number(r, i, rows, drifted)) for i in range(14)}
    columns.update({f"c{k}": pd.Series(category(r, k, rows, drifted)) for k in range(6)})
    return pd.DataFrame({name: c.mask(r.random(rows) < 0.01)
                         for name, c in columns.items()})


def main(rows, reference, current):
    r = np.random.default_rng(1)
    for path, drifted in ((reference, False), (current, True)):
        table(r, rows, drifted).to_csv(path, index=False)


main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
