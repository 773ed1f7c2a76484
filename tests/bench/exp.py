"""What a trial of a search costs beyond its stages: a grid of stages that do nothing, each in a work tree."""
import itertools

import bench
from bench import pair, run

TRIALS = 4
root = bench.scratch()
starts = itertools.count(1000, 100)


def project(name, spec, make):
    path = f"{root}/{name}"
    make(path)
    for file, text in ((spec, "stages:\n  t:\n    cmd: 'true'\n    params: [a]\n"), ("params.yaml", "a: 1\n")):
        with open(f"{path}/{file}", "w") as f:
            f.write(text)
    return path


def values():
    """Others each time: neither side may have the results already."""
    start = next(starts)
    with open(f"{root}/values", "w") as f:
        f.write(",".join(str(start + i) for i in range(TRIALS)))


def grid():
    ours = project("ours", "mlops.yaml", bench.mlops_project)
    dvc = project("dvc", "dvc.yaml", bench.git_project)
    run(["dvc", "init", "-q"], dvc)
    for path in (ours, dvc):
        run("git add . && git commit -qm one", path)
    pair("exp.grid_of_4_vs_dvc",
         ("mlops exp run -q -P a=$(cat ../values)", ours, values),
         ("dvc exp run -q --queue -S a=$(cat ../values) && dvc exp run -q --run-all", dvc, values),
         goal=1 / 30, runs=2)


try:
    if bench.have("dvc"):
        grid()
finally:
    bench.remove(root)
