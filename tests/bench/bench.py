"""Timing two commands in turn, so that a change of the machine's speed meets both alike."""
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ENV = dict(os.environ, LC_ALL="C", TZ="UTC", GIT_CONFIG_NOSYSTEM="1",
           GIT_AUTHOR_NAME="bench", GIT_AUTHOR_EMAIL="bench@example.invalid",
           GIT_COMMITTER_NAME="bench", GIT_COMMITTER_EMAIL="bench@example.invalid")


def run(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, env=ENV, shell=isinstance(command, str),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"bench: {command} failed: {done.stderr.decode(errors='replace')}")


def seconds(command, cwd, before, loops):
    if before:
        before()
    os.sync()
    start = time.perf_counter()
    for _ in range(loops):
        run(command, cwd)
    return (time.perf_counter() - start) / loops


def figure(name, ours, peer, goal, unit="s"):
    ratio = ours / peer
    print(f"{name} {ours:.4g}{unit} {peer:.4g}{unit} {ratio:.3g} {goal:g} "
          f"{'ok' if ratio <= goal else 'short'}", flush=True)


def pair(name, ours, peer, goal, runs=5, loops=1):
    """ours and peer are (command, folder, function that makes ready or None)."""
    a, b = [], []
    for _ in range(runs):
        a.append(seconds(*ours, loops))
        b.append(seconds(*peer, loops))
    figure(name, statistics.median(a), statistics.median(b), goal)


def scratch():
    path = tempfile.mkdtemp(prefix="mlops-bench.")
    ENV["HOME"] = path
    return path


def remove(path):
    if not os.path.exists(path):
        return
    subprocess.run(["chmod", "-R", "u+w", path], check=False)
    shutil.rmtree(path, ignore_errors=True)


def small_files(root, folders=100, each=200, low=1024, high=16384):
    """20,000 files of 1-16 KiB in 100 folders unless said otherwise; the same bytes every time."""
    rng = random.Random(1)
    for d in range(folders):
        os.makedirs(f"{root}/{d:03d}")
        for i in range(each):
            with open(f"{root}/{d:03d}/{i:03d}", "wb") as f:
                f.write(rng.randbytes(rng.randint(low, high)))


def git_project(path):
    os.makedirs(path, exist_ok=True)
    run(["git", "init", "-q", path])


def mlops_project(path):
    git_project(path)
    run(["mlops", "init", "-q"], path)


def have(program):
    found = shutil.which(program)
    if not found:
        print(f"bench: no {program} here: its figures are left out", file=sys.stderr)
    return found
