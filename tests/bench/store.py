"""20,000 small files: tracking them, and seeing that nothing changed."""
import os
import shutil

import bench
from bench import pair, run

root = bench.scratch()
try:
    ours, plain, lfs, dvc = (f"{root}/{name}" for name in ("ours", "plain", "lfs", "dvc"))
    bench.mlops_project(ours)
    bench.small_files(f"{ours}/data")
    for other in (plain, lfs, dvc):
        bench.git_project(other)
        run(["cp", "-r", f"{ours}/data", other])

    def fresh_ours():
        bench.remove(f"{ours}/.mlops")
        for name in (f"{ours}/data.mlops", f"{ours}/.gitignore"):
            if os.path.exists(name):
                os.remove(name)
        bench.mlops_project(ours)

    def fresh_git(path):
        def remake():
            bench.remove(f"{path}/.git")
            bench.git_project(path)
        return remake

    track = (["mlops", "track", "data"], ours, fresh_ours)
    pair("store.track_small_vs_git_add", track, (["git", "add", "data"], plain, fresh_git(plain)),
         goal=0.5, runs=3)
    if bench.have("git-lfs"):
        def fresh_lfs():
            fresh_git(lfs)()
            run(["git", "lfs", "install", "--local"], lfs)
            run(["git", "lfs", "track", "data/**"], lfs)
        pair("store.track_small_vs_git_lfs", track, (["git", "add", "data"], lfs, fresh_lfs),
             goal=1 / 12, runs=3)
    if bench.have("dvc"):
        def fresh_dvc():
            for name in (".dvc", ".git"):
                bench.remove(f"{dvc}/{name}")
            for name in ("data.dvc", ".gitignore", ".dvcignore"):
                if os.path.exists(f"{dvc}/{name}"):
                    os.remove(f"{dvc}/{name}")
            shutil.rmtree("/var/tmp/dvc", ignore_errors=True)
            bench.git_project(dvc)
            run(["dvc", "init", "-q"], dvc)
        pair("store.track_small_vs_dvc", track, (["dvc", "add", "-q", "data"], dvc, fresh_dvc),
             goal=1 / 15, runs=3)
        pair("store.status_vs_dvc", (["mlops", "status"], ours, None),
             (["dvc", "status", "-q"], dvc, None), goal=1 / 20)
    run(["git", "add", "data"], plain)
    run(["git", "commit", "-qm", "data"], plain)
    run(["git", "status"], plain)
    pair("store.status_vs_git", (["mlops", "status"], ours, None), (["git", "status"], plain, None),
         goal=1.5, loops=10)
finally:
    bench.remove(root)
