"""
The store beside its peers: 20,000 small files, one of 2 GiB, 200,000 tiny ones and 1,000,000.

Up to 6 GiB of disk are used at a time. BENCH_STORE=small,large,tiny,million picks parts.
"""
import os
import shutil
import subprocess
import sys
import time
from statistics import median

import bench
from bench import figure, pair, run

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_MB = 32


class Project:
    """A git repository, maybe with mlops, DVC or LFS in it, that can be made new around its data."""

    def __init__(self, path, kind):
        self.path, self.kind = path, kind
        self.fresh()

    def fresh(self):
        for name in (".git", ".mlops", ".dvc"):
            bench.remove(f"{self.path}/{name}")
        for name in os.listdir(self.path) if os.path.exists(self.path) else []:
            if name.startswith(".") or name.endswith((".mlops", ".dvc")):
                os.remove(f"{self.path}/{name}")
        bench.git_project(self.path)
        {"git": lambda: None, "mlops": self.init_mlops, "lfs": self.init_lfs,
         "dvc": self.init_dvc}[self.kind]()

    def init_mlops(self):
        run(["mlops", "init", "-q"], self.path)

    def init_lfs(self):
        run(["git", "lfs", "install", "--local"], self.path)
        run(["git", "lfs", "track", "data/**"], self.path)

    def init_dvc(self):
        shutil.rmtree("/var/tmp/dvc", ignore_errors=True)
        run(["dvc", "init", "-q"], self.path)


class Bench:
    def __init__(self):
        self.root = bench.scratch()
        self.peer = f"{self.root}/store_peer"
        run(["cc", "-O2", "-o", self.peer, f"{HERE}/store_peer.c", "-lcrypto"])
        run(["git", "config", "--global", "user.name", "bench"])
        run(["git", "config", "--global", "user.email", "bench@example.invalid"])

    def files(self, path, folders, each, low, high):
        run([self.peer, "files", path, *map(str, (folders, each, low, high))])

    def peak(self, name, command, cwd, limit=LIMIT_MB):
        done = subprocess.run([self.peer, "peak", *command], cwd=cwd, env=bench.ENV, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        figure(f"store.peak_{name}", int(done.stdout) / 1024, limit, 1, "MB")

    def small(self):
        ours = Project(f"{self.root}/ours", "mlops")
        self.files(f"{ours.path}/data", 100, 200, 1024, 16384)
        others = {}
        for kind in ("git", "lfs", "dvc"):
            if kind == "git" or bench.have("git-lfs" if kind == "lfs" else kind):
                others[kind] = Project(f"{self.root}/{kind}", kind)
                run(["cp", "-r", f"{ours.path}/data", others[kind].path])
        self.track_small(ours, others)
        self.status_small(ours, others)
        self.checkout_small(ours)

    def track_small(self, ours, others):
        track = (["mlops", "track", "data"], ours.path, ours.fresh)
        out = f"{self.root}/appended"
        pair("store.track_small_vs_plain_loop", track,
             ([self.peer, "append", "data", out], ours.path,
              lambda: os.path.exists(out) and os.remove(out)), goal=1.5)
        os.remove(out)
        for kind, command, goal in (("git", ["git", "add", "data"], 0.5),
                                    ("lfs", ["git", "add", "data"], 1 / 12),
                                    ("dvc", ["dvc", "add", "-q", "data"], 1 / 15)):
            if kind in others:
                pair(f"store.track_small_vs_{kind}", track,
                     (command, others[kind].path, others[kind].fresh), goal, runs=3)
        ours.fresh()
        self.peak("track_small", track[0], ours.path)

    def status_small(self, ours, others):
        git = others["git"].path
        for folder in (git, ours.path):
            run(["git", "add", "."], folder)
            run(["git", "commit", "-qm", "data"], folder)
        status = (["mlops", "status"], ours.path, None)
        pair("store.status_vs_git", status, (["git", "status"], git, None), goal=1.5, loops=10)
        if "dvc" in others:
            pair("store.status_vs_dvc", status,
                 (["dvc", "status", "-q"], others["dvc"].path, None), goal=1 / 20, runs=3)
        self.peak("status_small", status[0], ours.path)

        def touch():
            os.utime(f"{ours.path}/data/0050/0000100")
        touch()
        self.peak("status_touched", status[0], ours.path)
        touch()
        figure("store.files_read_after_touching_one", files_read(ours.path), 1, 1, "")
        pair("store.status_touched_vs_untouched", (status[0], ours.path, touch), status, goal=1.5)

    def checkout_small(self, ours):
        """Two versions that differ in 200 of 20,000 files: from one to the other, and in full."""
        run(["mlops", "track", "data"], ours.path)
        run(["git", "commit", "-qam", "touched", "--allow-empty"], ours.path)
        for i in range(200):
            with open(f"{ours.path}/data/{i // 2:04d}/{i % 2:07d}", "ab") as f:
                f.write(b"changed")
        run(["mlops", "track", "data"], ours.path)
        run(["git", "commit", "-qam", "changed"], ours.path)

        def to(revision):
            return lambda: run(["git", "checkout", "-q", revision, "--", "data.mlops"], ours.path)

        def away():
            to("HEAD")()
            bench.remove(f"{ours.path}/data")

        checkout = ["mlops", "checkout"]

        def before_switch():
            to("HEAD")()
            run(checkout, ours.path)
            to("HEAD~")()
        pair("store.checkout_of_1_percent_vs_full", (checkout, ours.path, before_switch),
             (checkout, ours.path, away), goal=0.05)
        before_switch()
        self.peak("checkout_of_1_percent", checkout, ours.path)
        away()
        self.peak("checkout_small", checkout, ours.path)

    def large(self):
        ours = Project(f"{self.root}/large", "mlops")
        path, copy = f"{ours.path}/data", f"{ours.path}/copy"
        with open("/dev/urandom", "rb") as source, open(path, "wb") as f:
            for _ in range(2048):
                f.write(source.read(1 << 20))
        track, hashed, copied, kept = [], [], [], []
        for _ in range(3):
            track.append(bench.seconds(["mlops", "track", "data"], ours.path, ours.fresh, 1))
            ours.fresh()
            hashed.append(bench.seconds(["openssl", "dgst", "-sha256", path], None, None, 1))
            copied.append(bench.seconds(["cp", path, copy], None, None, 1))
            os.remove(copy)
            kept.append(bench.seconds(["dd", f"if={path}", f"of={copy}", "bs=1M", "conv=fsync",
                                       "status=none"], None, None, 1))
            os.remove(copy)
        # What is tracked is on the disk at the end; what cp wrote is in memory, mostly.
        figure("store.track_2gib_vs_copy_with_fsync", median(track), median(kept), 1.25)
        slower = max(median(hashed), median(copied))
        figure("store.track_2gib_vs_slower_of_openssl_and_cp", median(track), slower, 1.25)
        self.peak("track_2gib", ["mlops", "track", "data"], ours.path)
        self.moved(ours, median(hashed))
        os.remove(path)
        self.peak("checkout_2gib", ["mlops", "checkout"], ours.path)

    def moved(self, ours, hashed):
        """Where one file is data and object at once, nothing is written: by links here, as a clone elsewhere."""
        took = []
        for _ in range(3):
            ours.fresh()
            run(["mlops", "config", "core.link", "hardlink"], ours.path)
            took.append(bench.seconds(["mlops", "track", "--move", "data"], ours.path, None, 1))
            os.chmod(f"{ours.path}/data", 0o644)
        figure("store.track_2gib_moved_vs_openssl", median(took), hashed, 1.25)

    def many(self, name, folders, each, limit):
        """Seconds of tracking, and of a status after that."""
        ours = Project(f"{self.root}/{name}", "mlops")
        self.files(f"{ours.path}/data", folders, each, 200, 200)
        os.sync()
        start = time.perf_counter()
        self.peak(f"track_{name}", ["mlops", "track", "data"], ours.path, limit)
        tracked = time.perf_counter()
        self.peak(f"status_{name}", ["mlops", "status"], ours.path, limit)
        seen = time.perf_counter()
        bench.remove(f"{ours.path}/data")
        self.peak(f"checkout_{name}", ["mlops", "checkout"], ours.path, limit)
        bench.remove(ours.path)
        return tracked - start, seen - tracked

    def tiny(self):
        return self.many("200k", 1000, 200, LIMIT_MB)

    def million(self):
        track, status = self.tiny()
        for name, folders in (("1m", 5000), ("1m_flat", 1)):
            times = self.many(name, folders, 1000000 // folders, 600)
            figure(f"store.track_{name}_vs_5_times_200k", times[0], 5 * track, 1.2)
            figure(f"store.status_{name}_vs_5_times_200k", times[1], 5 * status, 1.2)


def files_read(project):
    """As `mlops status --verbose` tells it."""
    done = subprocess.run(["mlops", "status", "--verbose"], cwd=project, env=bench.ENV, check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told = [line for line in done.stderr.splitlines() if "files read again: " in line]
    return int(told[0].split()[-1]) if told else sys.exit("bench: status did not tell")


everything = Bench()
try:
    for part in os.environ.get("BENCH_STORE", "small,large,million").split(","):
        getattr(everything, part)()
finally:
    bench.remove(everything.root)
