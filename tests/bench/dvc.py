"""One DVC repository of 20,000 files, worked on by dvc and by mlops as it is: status, push, pull."""
import os
import sys

import bench
from bench import pair, run

if not bench.have("dvc"):
    sys.exit()
root = bench.scratch()
bench.ENV.update(DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=f"{root}/site", DVC_GLOBAL_CONFIG_DIR=f"{root}/config")
repo, count = f"{root}/repo", iter(range(1000))


def new_remote():
    """Each push goes to a folder of its own: removing 20,000 files would be in the next one's way."""
    with open(f"{repo}/.dvc/config.local", "w", encoding="utf-8") as f:
        f.write(f"['remote \"r\"']\n    url = {root}/remote{next(count)}\n")


def clone(name):
    def make():
        here = f"{root}/{name}"
        if os.path.exists(here):
            os.rename(here, f"{root}/old{next(count)}")
        run(["git", "clone", "-q", repo, here])
    return make


try:
    bench.git_project(repo)
    run(["dvc", "init", "-q"], repo)
    bench.small_files(f"{repo}/data")
    run(["dvc", "add", "-q", "data"], repo)
    run(["dvc", "remote", "add", "-q", "-d", "r", f"{root}/remote"], repo)
    run("git add -A && git commit -qm data && mlops status && mlops push", repo)
    pair("dvc.status", (["mlops", "status"], repo, None), (["dvc", "status", "-q"], repo, None), goal=1 / 50, runs=3)
    pair("dvc.push", (["mlops", "push"], repo, new_remote), (["dvc", "push", "-q"], repo, new_remote),
         goal=1 / 10, runs=2)
    os.remove(f"{repo}/.dvc/config.local")
    pair("dvc.pull", (["mlops", "pull"], f"{root}/ours", clone("ours")), (["dvc", "pull", "-q"], f"{root}/theirs",
         clone("theirs")), goal=1 / 10, runs=2)
    for check in (["dvc", "status", "-q"], ["dvc", "status", "-q", "-c"]):
        run(check, f"{root}/ours")  # fails when dvc finds anything changed
finally:
    bench.remove(root)
