"""drift_peer.py MLOPS REFERENCE CURRENT: every test of mlops monitor drift against SciPy and NumPy.

Where Evidently (0.7.23) has a formula of its own around them, that is written out here.
"""
import collections
import csv
import json
import math
import subprocess
import sys

import numpy as np
from scipy import stats
from scipy.spatial import distance

MISSING = ("", "NA")


def load(path):
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def numbers(reference, current):
    """As pandas types them: integers only where neither side has a missing value."""
    whole = all(v.lstrip("-").isdigit() for v in reference + current)
    return [np.array([float(v) for v in side if v not in MISSING]).astype(int if whole else float)
            for side in (reference, current)]


def shares(x, y, is_number, filled):
    if is_number and len(set(x)) > 20:
        edges = np.histogram_bin_edges(np.concatenate([x, y]), bins="sturges")
        p, q = np.histogram(x, edges)[0] / len(x), np.histogram(y, edges)[0] / len(y)
    else:
        p, q = (n / n.sum() for n in counts(x, y))
    if filled:
        for s in (p, q):
            least = min(s[s != 0])
            np.place(s, s == 0, least / 1e6 if least <= 1e-4 else 1e-4)
    return p, q


def counts(x, y):
    a, b = collections.Counter(list(x)), collections.Counter(list(y))
    keys = sorted(set(a) | set(b))
    return np.array([a[k] for k in keys]), np.array([b[k] for k in keys])


def hellinger(x, y, is_number):
    if is_number:
        edges = np.histogram_bin_edges(list(set(x) | set(y)), bins="sturges")
        p, q = (np.histogram(s, edges, density=True)[0] * (edges[-1] - edges[0]) / (len(edges) - 1) for s in (x, y))
    else:
        p, q = shares(x, y, False, False)
    return math.sqrt(1 - min(1, np.sum(np.sqrt(p * q))))


def proportions(x, y):
    (a, b), n, m = counts(x, y), len(x), len(y)
    p, q = 1 - a[0] / n, 1 - b[0] / m
    pooled = (p * n + q * m) / (n + m)
    sd = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = (p - q) / sd if sd else 0
    return z, 2 * stats.norm.sf(abs(z))


def pair(result):
    return float(result.statistic), float(result.pvalue)


def expect(test, x, y, is_number):
    """The statistic, and the p-value or None."""
    if test == "wasserstein":
        return stats.wasserstein_distance(x, y) / max(np.std(x), 0.001), stats.ks_2samp(x, y).pvalue
    if test == "ks":
        return pair(stats.ks_2samp(x, y))
    if test == "anderson":
        return pair(stats.anderson_ksamp([x, y]))
    if test == "cramer_von_mises":
        return pair(stats.cramervonmises_2samp(x, y, method="asymptotic"))
    if test == "hellinger":
        return hellinger(x, y, is_number), None
    if test == "chisquare":
        n, m = counts(x, y)
        return pair(stats.chisquare(m, n * len(y) / len(x)))
    if test == "chi2_contingency":
        return pair(stats.chi2_contingency(counts(x, y)))
    if test == "z":
        return proportions(x, y)
    p, q = shares(x, y, is_number, test in ("psi", "kl_div"))
    return {"psi": np.sum((p - q) * np.log(p / q)) if test == "psi" else 0, "kl_div": stats.entropy(p, q),
            "jensenshannon": distance.jensenshannon(p, q), "tvd": np.sum(abs(p - q)) / 2}[test], None


def differs(got, want):
    got = math.inf if got == "Infinity" else got
    return want is not None and got != want and not abs(got - want) <= 1e-6 * max(1, abs(want))


def main(mlops, reference, current):
    a, b = load(reference), load(current)
    checked = wrong = 0
    for test in ("wasserstein ks anderson cramer_von_mises jensenshannon psi hellinger kl_div tvd chisquare "
                 "chi2_contingency z").split():
        run = subprocess.run([mlops, "monitor", "drift", "--json", "--test", test, reference, current],
                             stdout=subprocess.PIPE, check=False)
        for c in json.loads(run.stdout)["columns"]:
            if c["test"] != test:
                continue
            is_number = c["type"] == "number"
            x, y = a[c["name"]], b[c["name"]]
            x, y = numbers(x, y) if is_number else [[v for v in s if v not in MISSING] for s in (x, y)]
            statistic, p = expect(test, x, y, is_number)
            checked += 1
            if differs(c["statistic"], statistic) or differs(c["p_value"], p):
                wrong += 1
                print(test, c["name"], "is", c["statistic"], c["p_value"], "wanted", statistic, p)
    print(f"{wrong} of {checked} results differ" if wrong else f"{checked} results are the same")
    return 1 if wrong or not checked else 0


sys.exit(main(*sys.argv[1:]))
