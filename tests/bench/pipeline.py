"""Deciding that nothing is to be done, and the cost of a stage that does nothing."""
import os

import bench
from bench import pair, run

STAGES = 200
root = bench.scratch()
try:
    ours, peer = f"{root}/ours", f"{root}/peer"
    bench.mlops_project(ours)
    os.makedirs(peer)
    with open(f"{ours}/mlops.yaml", "w") as y, open(f"{peer}/build.ninja", "w") as n:
        y.write("stages:\n")
        n.write("rule touch\n  command = touch $out\n")
        for i in range(STAGES):
            y.write(f"  s{i}:\n    cmd: touch o{i}\n    deps: [a{i}, b{i}, c{i}]\n"
                    f"    outs: [{{o{i}: {{cache: false}}}}]\n")
            n.write(f"build o{i}: touch a{i} b{i} c{i}\n")
            for name in "abc":
                for folder in (ours, peer):
                    with open(f"{folder}/{name}{i}", "w") as f:
                        f.write(f"{name}{i}\n")

    def forget():
        for name in os.listdir(ours):
            if name.startswith("o") or name == "mlops.lock":
                os.remove(f"{ours}/{name}")

    run(["mlops", "run"], ours)
    if bench.have("ninja"):
        run(["ninja"], peer)
        pair("pipeline.nothing_vs_ninja", (["mlops", "run"], ours, None),
             (["ninja", "-n"], peer, None), goal=2, loops=5)

        def clean():
            for name in os.listdir(peer):
                if name.startswith("o"):
                    os.remove(f"{peer}/{name}")
        pair("pipeline.stage_overhead_vs_ninja", (["mlops", "run"], ours, forget),
             (["ninja", "-j1"], peer, clean), goal=2, runs=3)
finally:
    bench.remove(root)
