"""Checking out a Git LFS repository of 5,000 files, and one of 2 GiB, through mlops and through git-lfs.

The many files are in memory where that can be (/dev/shm): on a disk, what git itself waits for is most of it.
"""
import os
import subprocess
import tempfile

import bench
from bench import ENV, figure, have, pair, run

FILTERS = {"mlops": ("mlops lfs filter-process", "mlops lfs clean -- %f", "mlops lfs smudge -- %f"),
           "git-lfs": ("git-lfs filter-process", "git-lfs clean -- %f", "git-lfs smudge -- %f")}


def use(program):
    """A command line of git whose filter is that program."""
    process, clean, smudge = FILTERS[program]
    return ["git", "-c", f"filter.lfs.process={process}", "-c", f"filter.lfs.clean={clean}",
            "-c", f"filter.lfs.smudge={smudge}", "-c", "filter.lfs.required=true", "-c", "core.hooksPath=/dev/null"]


def repository(path, fill):
    bench.git_project(path)
    with open(f"{path}/.gitattributes", "w", encoding="utf-8") as f:
        f.write("data/** filter=lfs diff=lfs merge=lfs -text\n")
    fill(f"{path}/data")
    run(use("mlops") + ["add", "."], path)
    run(use("mlops") + ["commit", "-qm", "one"], path)


def empty(path):
    return lambda: (bench.remove(f"{path}/data"), bench.remove(f"{path}/.git/index"))


def checkout(name, path, goal, runs):
    ours, peer = use("mlops") + ["reset", "-q", "--hard"], use("git-lfs") + ["reset", "-q", "--hard"]
    pair(name, (ours, path, empty(path)), (peer, path, empty(path)), goal=goal, runs=runs)


def large(path):
    os.makedirs(path)
    with open(f"{path}/large", "wb") as f:
        for _ in range(2048):
            f.write(os.urandom(1 << 20))


def peak(program, path):
    """MiB that the filter takes at most while git smudges."""
    pointer = subprocess.run(["git", "cat-file", "-p", "HEAD:data/large"], cwd=path, env=ENV, check=True,
                             stdout=subprocess.PIPE).stdout
    child = subprocess.Popen(FILTERS[program][2].replace("%f", "data/large").split(), cwd=path, env=ENV,
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    child.stdin.write(pointer)
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"bench: {program} cannot smudge")
    return usage.ru_maxrss / 1024


root, memory = bench.scratch(), "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
many = tempfile.mkdtemp(prefix="mlops-bench.", dir=memory)
try:
    if have("git-lfs"):
        repository(f"{many}/many", lambda path: bench.small_files(path, folders=50, each=100))
        checkout("lfs.checkout_5000", f"{many}/many", goal=1 / 3, runs=5)
        bench.remove(many)
        repository(f"{root}/large", large)
        checkout("lfs.checkout_2GiB", f"{root}/large", goal=1, runs=1)
        figure("lfs.smudge_2GiB_memory", peak("mlops", f"{root}/large"), peak("git-lfs", f"{root}/large"), goal=1.5,
               unit="MiB")
finally:
    bench.remove(many)
    bench.remove(root)
