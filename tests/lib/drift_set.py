"""drift_set.py SEED ROWS REFERENCE CURRENT: two tables of 14 columns of numbers and 6 of categories.
In CURRENT five have drifted: n2 (mean + 0.05 sd), n5 (mean + 0.3 sd), n9 (spread x 1.4), c1 (the
order of how common its categories are is reversed), c4 (2% of rows have a new category)."""
import random
import sys

LEVELS = [3, 5, 12, 50, 200, 1000]
SCALE = {2: (0.05, 1), 5: (0.3, 1), 9: (0, 1.4)}


def number(r, i, drifted):
    """Normal with sd 1, exponential with sd 1, rounded, or whole numbers."""
    shift, spread = SCALE.get(i, (0, 1)) if drifted else (0, 1)
    if i % 4 == 3:
        return str(r.randrange(5000))
    if i % 4 == 1:
        return repr((r.expovariate(1) - 1) * spread + 1 + shift)
    x = r.gauss(0, 1) * spread + shift
    return repr(x) if i % 4 == 0 else "%.4f" % x


def categories(r, k, rows, drifted):
    weights = [1 / (j + 1) for j in range(LEVELS[k])]
    if drifted and k == 1:
        weights.reverse()
    values = ["c%d_%d" % (k, j) for j in r.choices(range(LEVELS[k]), weights, k=rows)]
    if drifted and k == 4:
        values = ["brand-new" if r.random() < 0.02 else v for v in values]
    return values


def write(path, r, rows, drifted):
    columns = [[number(r, i, drifted) for _ in range(rows)] for i in range(14)]
    columns += [categories(r, k, rows, drifted) for k in range(6)]
    columns = [["" if r.random() < 0.01 else v for v in column] for column in columns]
    with open(path, "w", encoding="ascii") as f:
        f.write(",".join(["n%d" % i for i in range(14)] + ["c%d" % k for k in range(6)]) + "\n")
        f.writelines(",".join(row) + "\n" for row in zip(*columns))


if __name__ == "__main__":
    generator = random.Random(int(sys.argv[1]))
    write(sys.argv[3], generator, int(sys.argv[2]), False)
    write(sys.argv[4], generator, int(sys.argv[2]), True)
