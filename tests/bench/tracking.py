"""Logging from a shell loop; the sqlite3 program doing one durable insert is the measure."""
import subprocess

import bench
from bench import pair, run

root = bench.scratch()
try:
    ours = f"{root}/ours"
    bench.mlops_project(ours)
    with open(f"{ours}/mlops.yaml", "w") as f:
        f.write("stages:\n  s:\n    cmd: echo 1 > out\n    outs: [out]\n")
    run(["mlops", "run"], ours)
    if bench.have("sqlite3"):
        run(["sqlite3", f"{root}/peer.db", "pragma journal_mode=wal; create table m (k, v real)"])
        pair("tracking.log_metric_vs_sqlite3", (["mlops", "log", "metric", "--run", "last", "a=1"], ours, None),
             (["sqlite3", f"{root}/peer.db", "insert into m values ('a', 1)"], root, None),
             goal=3, loops=20)
finally:
    bench.remove(root)
