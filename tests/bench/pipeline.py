"""Deciding that nothing is to be done, the cost of a stage that does nothing, and stages side by side."""
import os

import bench
from bench import pair, run

root = bench.scratch()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def remove_files(folder, *beginnings):
    for name in os.listdir(folder):
        if name.startswith(beginnings):
            os.remove(f"{folder}/{name}")


def touches(stages):
    """Stages with three dependencies and an output, for us, ninja and DVC."""
    ours, ninja, dvc = (f"{root}/{name}{stages}" for name in ("ours", "ninja", "dvc"))
    bench.mlops_project(ours)
    bench.git_project(dvc)
    ours_text, ninja_text, dvc_text = "stages:\n", "rule touch\n  command = touch $out\n", "stages:\n"
    for i in range(stages):
        deps = f"[a{i}, b{i}, c{i}]"
        ours_text += f"  s{i}:\n    cmd: touch o{i}\n    deps: {deps}\n    outs: [{{o{i}: {{cache: false}}}}]\n"
        dvc_text += f"  s{i}:\n    cmd: touch o{i}\n    deps: {deps}\n    outs: [{{o{i}: {{cache: false}}}}]\n"
        ninja_text += f"build o{i}: touch a{i} b{i} c{i}\n"
        for name in "abc":
            for folder in (ours, ninja, dvc):
                write(f"{folder}/{name}{i}", f"{name}{i}\n")
    write(f"{ours}/mlops.yaml", ours_text)
    write(f"{ninja}/build.ninja", ninja_text)
    write(f"{dvc}/dvc.yaml", dvc_text)
    return ours, ninja, dvc


def nothing_to_do():
    ours, ninja, _ = touches(1000)
    run(["mlops", "run", "-q"], ours)
    run(["mlops", "run"], ours)
    if bench.have("ninja"):
        run(["ninja"], ninja)
        pair("pipeline.nothing_vs_ninja", (["mlops", "run"], ours, None), (["ninja", "-n"], ninja, None),
             goal=2, loops=5)
    more, _, _ = touches(10000)
    run(["mlops", "run", "-q"], more)
    run(["mlops", "run"], more)
    pair("pipeline.nothing_10000_vs_10x_1000", (["mlops", "run"], more, None),
         (["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do mlops run; done"], ours, None), goal=1.2, loops=3)
    if bench.have("dvc"):  # a tenth of the stages: its first run of 1,000 takes minutes
        few, _, dvc = touches(100)
        run(["mlops", "run", "-q"], few)
        run(["mlops", "run"], few)
        run(["dvc", "init", "-q"], dvc)
        run(["dvc", "repro", "-q"], dvc)
        pair("pipeline.nothing_vs_dvc", (["mlops", "run"], few, None), (["dvc", "repro", "-q"], dvc, None),
             goal=1 / 100, runs=2)


def overhead():
    stages = 500
    ours, make, dvc = (f"{root}/{name}" for name in ("true-ours", "true-make", "true-dvc"))
    bench.mlops_project(ours)
    bench.git_project(dvc)
    names = [f"s{i}" for i in range(stages)]
    write(f"{ours}/mlops.yaml", "stages:\n" + "".join(f"  {s}: {{cmd: 'true'}}\n" for s in names))
    write(f"{make}/Makefile", f"all: {' '.join(names)}\n" + "".join(f"{s}:\n\t@true;\n" for s in names))
    pair("pipeline.stage_overhead_vs_make", (["mlops", "run", "-q", "-j2"], ours,
                                             lambda: remove_files(ours, "mlops.lock")),
         (["make", "-s", "-j2"], make, None), goal=2, runs=3)
    if bench.have("dvc"):
        few = 50
        write(f"{dvc}/dvc.yaml", "stages:\n" + "".join(f"  {s}: {{cmd: 'true'}}\n" for s in names[:few]))
        write(f"{ours}/mlops.yaml", "stages:\n" + "".join(f"  {s}: {{cmd: 'true'}}\n" for s in names[:few]))
        run(["dvc", "init", "-q"], dvc)
        pair("pipeline.stage_overhead_vs_dvc", (["mlops", "run", "-q"], ours,
                                                lambda: remove_files(ours, "mlops.lock")),
             (["dvc", "repro", "-q", "-f"], dvc, lambda: remove_files(dvc, "dvc.lock")), goal=1 / 30, runs=2)


def side_by_side():
    ours = f"{root}/sleep"
    bench.mlops_project(ours)
    write(f"{ours}/mlops.yaml", "stages:\n" + "".join(f"  s{i}: {{cmd: sleep 1, always: true}}\n" for i in range(8)))
    pair("pipeline.8_seconds_j8_vs_sleep_1", (["mlops", "run", "-q", "-j8"], ours, None),
         (["sleep", "1"], ours, None), goal=1.3, runs=2)


try:
    nothing_to_do()
    overhead()
    side_by_side()
finally:
    bench.remove(root)
