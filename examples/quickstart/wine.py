"""What the stages share: the names in the data, and reading tables and parameters."""
import csv

LABEL = "cultivar"


def read_table(path):
    """The feature names, the rows of numbers, and the class of each row."""
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    names = [name for name in rows[0] if name != LABEL]
    return names, [[float(row[name]) for name in names] for row in rows], [int(row[LABEL]) for row in rows]


def read_params(section, path="params.yaml"):
    """One section of params.yaml. It has two levels and numbers only, so this needs no YAML package."""
    params, current = {}, None
    with open(path) as f:
        for line in f:
            line = line.split("#")[0].rstrip()
            if not line:
                continue
            key, value = (part.strip() for part in line.split(":", 1))
            if not line.startswith(" "):
                current = key
            elif current == section:
                params[key] = float(value) if set(value) & set(".eE") else int(value)
    return params
