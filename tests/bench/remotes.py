"""20,000 small files to a folder and back; tar of the same bytes is the measure."""
import bench
from bench import pair, run

root = bench.scratch()
try:
    ours = f"{root}/ours"
    bench.mlops_project(ours)
    bench.small_files(f"{ours}/data")
    run(["mlops", "track", "data"], ours)
    run(["mlops", "remote", "add", "origin", f"{root}/remote"], ours)

    def empty_remote():
        bench.remove(f"{root}/remote")

    def empty_project():
        bench.remove(f"{ours}/data")
        bench.remove(f"{ours}/.mlops/store")

    pair("remotes.push_folder_vs_tar", (["mlops", "push"], ours, empty_remote),
         (f"tar cf {root}/data.tar data && sync {root}/data.tar", ours, None), goal=2, runs=3)
    run(["mlops", "push"], ours)
    pair("remotes.pull_folder_vs_tar", (["mlops", "pull"], ours, empty_project),
         (f"rm -rf {root}/out && mkdir {root}/out && tar xf {root}/data.tar -C {root}/out", ours, None),
         goal=2, runs=3)
finally:
    bench.remove(root)
