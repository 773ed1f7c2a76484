"""
Remotes: 20,000 small files and one large, edited file, to a folder, to S3 and over http.

The size of the large file is 2 GiB, or BENCH_MIB. S3 is where BENCH_S3 says (s3://BUCKET/PREFIX, with the
keys and AWS_ENDPOINT_URL in the environment); without it those figures are left out.
"""
import os
import socket
import subprocess
import sys
import time

import bench
from bench import figure, have, pair, run

MIB = int(os.environ.get("BENCH_MIB", "2048"))
S3 = os.environ.get("BENCH_S3")
root = bench.scratch()


def tree_bytes(path):
    return sum(os.lstat(os.path.join(d, f)).st_size for d, _, files in os.walk(path) for f in files)


def peak_mib(command, cwd):
    """The memory that a command takes at most, of which the kernel keeps account for the child alone."""
    pid = os.fork()
    if not pid:
        os.chdir(cwd)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvpe(command[0], command, bench.ENV)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"bench: {command} failed")
    return usage.ru_maxrss / 1024


def clean(*paths):
    def ready():
        for path in paths:
            bench.remove(path)
    return ready


def dvc_project(path):
    bench.git_project(path)
    run(["dvc", "init", "-q"], path)
    run(["dvc", "config", "core.analytics", "false"], path)


def small_to_folder():
    ours, dvc = f"{root}/ours", f"{root}/dvc"
    bench.mlops_project(ours)
    bench.small_files(f"{ours}/data")
    run(["mlops", "track", "data"], ours)
    run(["mlops", "remote", "add", "origin", f"{root}/remote"], ours)
    fresh = clean(f"{root}/remote", f"{ours}/.mlops/remotes")
    empty = clean(f"{ours}/data", f"{ours}/.mlops/store", f"{ours}/.mlops/remotes")
    tar = f"tar cf {root}/data.tar -C {ours} data && sync {root}/data.tar"
    untar = f"rm -rf {root}/out && mkdir {root}/out && tar xf {root}/data.tar -C {root}/out"

    pair("remote.push_folder_vs_tar", (["mlops", "push"], ours, fresh), (tar, root, None), goal=2, runs=3)
    run(["mlops", "push"], ours)
    pair("remote.pull_folder_vs_tar", (["mlops", "pull"], ours, empty), (untar, root, None), goal=2, runs=3)
    if not have("dvc"):
        return
    dvc_project(dvc)
    bench.small_files(f"{dvc}/data")
    run(["dvc", "add", "-q", "data"], dvc)
    run(["dvc", "remote", "add", "-d", "far", f"{root}/dvc-remote"], dvc)
    pair("remote.push_folder_vs_dvc", (["mlops", "push"], ours, fresh),
         (["dvc", "push", "-q"], dvc, clean(f"{root}/dvc-remote", f"{dvc}/.dvc/tmp")), goal=1 / 20, runs=1)
    run(["mlops", "push"], ours)
    pair("remote.pull_folder_vs_dvc", (["mlops", "pull"], ours, empty),
         (["dvc", "pull", "-q"], dvc, clean(f"{dvc}/data", f"{dvc}/.dvc/cache", f"{dvc}/.dvc/tmp")), goal=1 / 20,
         runs=1)


def small_to_s3():
    ours, dvc = f"{root}/ours", f"{root}/dvc"
    times = iter(range(100))

    def new_prefix():
        run(["mlops", "config", "remote.s3.url", f"{S3}/ours-{next(times)}"], ours)

    run(["mlops", "remote", "add", "s3", f"{S3}/ours"], ours)
    new_prefix()
    host = os.environ["AWS_ENDPOINT_URL"]
    put = ["curl", "-sf", "-o", os.devnull, "--aws-sigv4", f"aws:amz:{os.environ.get('AWS_REGION', 'us-east-1')}:s3",
           "-u", f"{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}",
           "-T", f"{root}/data.tar", f"{host}/{S3[5:]}/data.tar"]
    pair("remote.push_s3_vs_curl_of_a_tar", (["mlops", "push", "-r", "s3"], ours, new_prefix), (put, root, None),
         goal=2, runs=3)
    if not have("dvc"):
        return

    def new_dvc_prefix():
        run(["dvc", "remote", "add", "-f", "-d", "s3", f"{S3}/dvc-{next(times)}"], dvc)
        run(["dvc", "remote", "modify", "s3", "endpointurl", host], dvc)
        bench.remove(f"{dvc}/.dvc/tmp")

    pair("remote.push_s3_vs_dvc", (["mlops", "push", "-r", "s3"], ours, new_prefix),
         (["dvc", "push", "-q"], dvc, new_dvc_prefix), goal=1 / 20, runs=1)
    pair("remote.pull_s3_vs_dvc",
         (["mlops", "pull", "-r", "s3"], ours, clean(f"{ours}/data", f"{ours}/.mlops/store")),
         (["dvc", "pull", "-q"], dvc, clean(f"{dvc}/data", f"{dvc}/.dvc/cache", f"{dvc}/.dvc/tmp")), goal=1 / 20,
         runs=1)


def edit(path):
    """1% of it put in at the middle."""
    size = os.path.getsize(path)
    with open(path, "rb") as f, open(f"{path}.new", "wb") as out:
        for part in (size // 2, None):
            while part is None or part:
                data = f.read(1 << 20 if part is None else min(part, 1 << 20))
                if not data:
                    break
                out.write(data)
                part = None if part is None else part - len(data)
            if part == 0:
                out.write(os.urandom(size // 100))
    os.replace(f"{path}.new", path)


def timed(command, cwd):
    os.sync()
    start = time.perf_counter()
    run(command, cwd)
    return time.perf_counter() - start


def edited():
    ours, theirs = f"{root}/large", f"{root}/restic"
    bench.mlops_project(ours)
    with open(f"{ours}/model.bin", "wb") as f:
        for _ in range(MIB):
            f.write(os.urandom(1 << 20))
    run(["mlops", "track", "model.bin"], ours)
    run(["mlops", "remote", "add", "origin", f"{root}/large-remote"], ours)
    figure("remote.push_large_memory", peak_mib(["mlops", "push"], ours), 150, goal=1, unit="MiB")
    restic = have("restic")
    if restic:
        bench.ENV["RESTIC_PASSWORD"] = "bench"
        run(["restic", "init", "-q", "-r", theirs])
        run(["restic", "backup", "-q", "-r", theirs, "model.bin"], ours)
    before, theirs_before = tree_bytes(f"{root}/large-remote"), tree_bytes(theirs) if restic else 0
    edit(f"{ours}/model.bin")
    size = os.path.getsize(f"{ours}/model.bin")
    run(["mlops", "track", "model.bin"], ours)
    seconds = timed(["mlops", "push"], ours)
    sent = tree_bytes(f"{root}/large-remote") - before
    figure("remote.push_edited_bytes", sent / (1 << 20), size / (1 << 20), goal=0.03, unit="MiB")
    if restic:
        figure("remote.push_edited_vs_restic", seconds,
               timed(["restic", "backup", "-q", "-r", theirs, "model.bin"], ours), goal=1.5)
        figure("remote.edited_stored_vs_restic", tree_bytes(f"{root}/large-remote") / (1 << 20),
               tree_bytes(theirs) / (1 << 20), goal=1.5, unit="MiB")
        figure("remote.edited_growth_vs_restic", sent / (1 << 20), (tree_bytes(theirs) - theirs_before) / (1 << 20),
               goal=1.5, unit="MiB")


def large_by_http():
    ours, prefix = f"{root}/large", f"{root}/nginx"
    if not have("nginx"):
        return
    port = free_port()
    os.makedirs(prefix)
    with open(f"{prefix}/conf", "w", encoding="utf-8") as f:
        f.write(f"""daemon off; pid {prefix}/pid; error_log {prefix}/log;
worker_processes 1; user root;
events {{ }}
http {{ access_log off; sendfile on; client_body_temp_path {prefix}/b; proxy_temp_path {prefix}/p;
 fastcgi_temp_path {prefix}/f; uwsgi_temp_path {prefix}/u; scgi_temp_path {prefix}/s;
 server {{ listen 127.0.0.1:{port}; root {root}; }} }}
""")
    server = subprocess.Popen(["nginx", "-p", prefix, "-c", f"{prefix}/conf"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if subprocess.run(["curl", "-sf", "-o", os.devnull, f"http://127.0.0.1:{port}/large-remote/mlops-remote"],
                              check=False).returncode == 0:
                break
            time.sleep(0.1)
        run(["mlops", "config", "remote.origin.url", f"http://127.0.0.1:{port}/large-remote"], ours)
        os.link(f"{ours}/model.bin", f"{root}/model.bin")
        pair("remote.pull_large_http_vs_curl",
             (["mlops", "pull", "--no-checkout"], ours, clean(f"{ours}/.mlops/store")),
             (["curl", "-sf", "-o", f"{root}/got", f"http://127.0.0.1:{port}/model.bin"], root, clean(f"{root}/got")),
             goal=1.5, runs=3)
        bench.remove(f"{ours}/.mlops/store")
        figure("remote.pull_large_memory", peak_mib(["mlops", "pull", "--no-checkout"], ours), 150, goal=1, unit="MiB")
    finally:
        server.terminate()
        server.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def many():
    """What ten times as many objects cost: ten times the time, or less."""
    seconds = []
    for folders in (20, 200):
        ours = f"{root}/many-{folders}"
        bench.mlops_project(ours)
        bench.small_files(f"{ours}/data", folders=folders, each=1000, low=16, high=32)
        run(["mlops", "track", "data"], ours)
        run(["mlops", "remote", "add", "origin", f"{root}/many-remote-{folders}"], ours)
        start = time.perf_counter()
        memory = peak_mib(["mlops", "push"], ours)
        seconds.append(time.perf_counter() - start)
        if folders == 200:
            figure("remote.push_200k_memory", memory, 150, goal=1, unit="MiB")
    figure("remote.push_200k_vs_ten_of_20k", seconds[1], 10 * seconds[0], goal=1.5)


try:
    small_to_folder()
    if S3:
        small_to_s3()
    else:
        print("bench: no BENCH_S3: the figures of S3 are left out", file=sys.stderr)
    edited()
    large_by_http()
    many()
finally:
    bench.remove(root)
