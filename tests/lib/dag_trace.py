"""Random graphs, drawn by `mlops dag` and read back by following the lines: every edge, and no other."""
import os
import random
import re
import subprocess
import sys

ARMS = {"│": "ud", "┤": "udl", "├": "udr", "┬": "dlr", "┴": "ulr", "┼": "udlr", "┘": "ul", "└": "ur", "┐": "dl",
        "┌": "dr", "─": "lr"}
STEP = {"u": (-1, 0), "d": (1, 0), "l": (0, -1), "r": (0, 1)}
BACK = {"u": "d", "d": "u", "l": "r", "r": "l"}


def read_boxes(grid):
    """{(row of a border, column): (name, whether it is the upper one)}"""
    borders = {}
    for y, row in enumerate(grid):
        for box in re.finditer("│ *(s[0-9]+) *│", row):
            for x in range(box.start(), box.end()):
                borders[y - 1, x] = (box[1], True)
                borders[y + 1, x] = (box[1], False)
    return borders


def follow(grid, borders, y, x):
    """The names of the boxes that the line which goes down from a border reaches."""
    todo, seen, reached = [(y + 1, x, "d")], set(), []
    while todo:
        state = y, x, came = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if (y, x) in borders:
            reached.append(borders[y, x][0])
            assert borders[y, x][1] and grid[y][x] == "┴" and came == "d", f"a line ends wrongly at {y}, {x}"
            continue
        over = grid[y][x] == "│" and came in "lr"  # another line goes down over this one
        for arm in [came] if over else set(ARMS[grid[y][x]]) - {BACK[came]}:
            todo.append((y + STEP[arm][0], x + STEP[arm][1], arm))
    return reached


def read_edges(text):
    lines = text.splitlines()
    grid = [row.ljust(max(map(len, lines))) for row in lines]
    borders = read_boxes(grid)
    edges = []
    for (y, x), (name, upper) in borders.items():
        if not upper and grid[y][x] == "┬":
            edges += [(name, to) for to in follow(grid, borders, y, x)]
    return {name for name, _ in borders.values()}, sorted(edges)


def draw(stages):
    with open("mlops.yaml", "w") as f:
        f.write("stages:\n")
        for i, needs in enumerate(stages):
            deps = ", ".join(f"o{n}" for n in needs)
            f.write(f"  s{i}: {{cmd: x, deps: [{deps}], outs: [o{i}]}}\n")
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(["mlops", "dag", "--width", "9999"], env=env, capture_output=True, check=True).stdout.decode()


def main():
    for seed in range(int(sys.argv[1])):
        rng = random.Random(seed)
        n = rng.randrange(1, 30)
        stages = [sorted(rng.sample(range(i), min(i, rng.randrange(4)))) for i in range(n)]
        text = draw(stages)
        names, edges = read_edges(text)
        wanted = sorted((f"s{need}", f"s{i}") for i, needs in enumerate(stages) for need in needs)
        if edges != wanted or names != {f"s{i}" for i in range(n)}:
            sys.exit(f"graph {seed}: drawn {edges}, wanted {wanted}\n{text}")


main()
