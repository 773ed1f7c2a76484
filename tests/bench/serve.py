"""
The gateway, asked by wrk over 64 connections: passing on against nginx, a model of 500 trees over 30
features against mlserver, BentoML and mlflow models serve, a predict function that does nothing against
BentoML's; and its memory and start. What is not in PATH is left out; a server's own python, beside it,
trains the model. BENCH_SECS is how long each is asked at a time.
"""
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import bench

SECS = int(os.environ.get("BENCH_SECS", "3"))
ROUNDS = 3
UNIT = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
ROW = [round(0.1 * i, 1) for i in range(30)]
OIP = json.dumps({"inputs": [{"name": "x", "shape": [1, 30], "datatype": "FP64", "data": ROW}]})
TRAIN = """
import json, sys, numpy, xgboost
rng = numpy.random.default_rng(1)
x = rng.normal(size=(5000, 30))
model = xgboost.XGBClassifier(n_estimators=500, max_depth=6, tree_method="hist").fit(x, x[:, 0] * x[:, 1] + x[:, 2] > 0)
model.save_model(sys.argv[1])
if len(sys.argv) > 2:
    import mlflow
    mlflow.xgboost.save_model(model, sys.argv[2])
"""
BENTO = """
import bentoml
@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Nothing:
    @bentoml.api
    def predict(self, instances: list) -> list:
        return [1.0 for _ in instances]
"""
BENTO_TREES = """
import bentoml, numpy, xgboost
@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Trees:
    def __init__(self):
        self.model = xgboost.XGBClassifier()
        self.model.load_model(MODEL)
    @bentoml.api
    def predict(self, instances: list) -> list:
        return self.model.predict_proba(numpy.array(instances))[:, 1].tolist()
"""
started = []


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def spawn(command, cwd, url=None, secs=120, **env):
    """Runs it, until the end of this script; with a URL, returns once that answers."""
    with open(f"{root}/log", "ab") as log:
        process = subprocess.Popen(command, cwd=cwd, env=dict(bench.ENV, **env), stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
    started.append(process)
    end = time.monotonic() + secs
    while url:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return process
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                with open(f"{root}/log", errors="replace") as log:
                    print(log.read()[-2000:], file=sys.stderr)
                sys.exit(f"bench: {command[0]} does not answer")
            time.sleep(0.1)
    return process


def stop(process):
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def gateway(*args):
    """Its URL and process, and how long it took until it said so."""
    start = time.perf_counter()
    process = subprocess.Popen(["mlops", "serve", "--listen", "127.0.0.1:0", "--json", *args], env=bench.ENV,
                               stdout=subprocess.PIPE, text=True, start_new_session=True)
    started.append(process)
    text = ""
    while not text.rstrip().endswith("}"):
        line = process.stdout.readline()
        if not line:
            sys.exit("bench: mlops serve does not start")
        text += line
    return json.loads(text)["url"], process, time.perf_counter() - start


def ask(url, body=None, connections=64):
    """Seconds a request, by throughput, and the 99th percentile of latency."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECS}", "--latency", "--timeout", "20", url]
    if body:
        with open(f"{root}/post.lua", "w") as f:
            f.write(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [==[{body}]==]\n")
        command[1:1] = ["-s", f"{root}/post.lua"]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    if "Non-2xx" in text:
        sys.exit(f"bench: {url} refuses:\n{text}")
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", text)
    return 1 / float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), float(p99[1]) * UNIT[p99[2]]


def compare(name, ours, peer, goal_rate, goal_p99):
    """ours and peer are (URL, body or None), asked in turn."""
    rounds = [(ask(*ours), ask(*peer)) for _ in range(ROUNDS)]
    for i, (what, goal) in enumerate((("time_a_request", goal_rate), ("p99", goal_p99))):
        if goal:
            bench.figure(f"serve.{name}.{what}", statistics.median(r[0][i] for r in rounds) * 1e6,
                         statistics.median(r[1][i] for r in rounds) * 1e6, goal, "us")


def nginx_conf(path, body):
    with open(path, "w") as f:
        f.write(f"daemon off; pid {path}.pid; error_log {path}.log; worker_processes {os.cpu_count()};\n"
                f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; keepalive_requests 1000000000;\n{body}\n}}\n")


def passing_on():
    if not bench.have("nginx"):
        return
    back, front = free_ports(2)
    nginx_conf(f"{root}/back", f"server {{ listen 127.0.0.1:{back}; location / {{ return 200 '{{}}'; }} }}")
    nginx_conf(f"{root}/front", f"""upstream back {{ server 127.0.0.1:{back}; keepalive 64; keepalive_requests 1000000000; }}
        server {{ listen 127.0.0.1:{front}; location / {{ proxy_pass http://back; proxy_http_version 1.1;
        proxy_set_header Connection ""; }} }}""")
    peers = [spawn(["nginx", "-c", f"{root}/back"], root, f"http://127.0.0.1:{back}/"),
             spawn(["nginx", "-c", f"{root}/front"], root, f"http://127.0.0.1:{front}/")]
    url, ours, _ = gateway("--upstream", f"http://127.0.0.1:{back}")
    compare("pass_on_vs_nginx", (url + "/", OIP), (f"http://127.0.0.1:{front}/", OIP), 1 / 0.8, 1.3)
    for process in (ours, *peers):
        stop(process)


def python_of(program):
    path = bench.have(program)
    return path and os.path.join(os.path.dirname(path), "python3")


def trees():
    pythons = {p: python_of(p) for p in ("mlserver", "bentoml", "mlflow")}
    trainer = pythons["mlflow"] or pythons["mlserver"] or pythons["bentoml"]
    if not trainer:
        return
    model = f"{root}/trees.json"
    bench.run([trainer, "-c", TRAIN, model] + ([f"{root}/mlflow"] if pythons["mlflow"] else []))
    url, ours, _ = gateway("--dir", model, "--name", "m")
    mine = (f"{url}/v2/models/m/infer", OIP)
    rows = json.dumps({"instances": [ROW]})
    if pythons["mlserver"]:
        repository, (port, grpc, metrics) = f"{root}/mlserver", free_ports(3)
        os.makedirs(repository)
        with open(f"{repository}/settings.json", "w") as f:
            json.dump({"host": "127.0.0.1", "http_port": port, "grpc_port": grpc, "metrics_port": metrics,
                       "parallel_workers": 0, "debug": False}, f)
        with open(f"{repository}/model-settings.json", "w") as f:
            json.dump({"name": "m", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": {"uri": model}}, f)
        peer = spawn([bench.have("mlserver"), "start", repository], root, f"http://127.0.0.1:{port}/v2/models/m/ready")
        compare("trees_vs_mlserver", mine, (f"http://127.0.0.1:{port}/v2/models/m/infer", OIP), 0.1, 0.1)
        stop(peer)
    if pythons["bentoml"]:
        peer, peer_url = bento("Trees", BENTO_TREES.replace("MODEL", repr(model)))
        compare("trees_vs_bentoml", mine, (peer_url, rows), 0.1, 0.1)
        stop(peer)
    if pythons["mlflow"]:
        port, = free_ports(1)
        peer = spawn([bench.have("mlflow"), "models", "serve", "-m", f"{root}/mlflow", "--env-manager", "local", "-h", "127.0.0.1",
                      "-p", str(port)], root, f"http://127.0.0.1:{port}/ping", PATH=os.path.dirname(pythons["mlflow"]) + ":" + bench.ENV["PATH"])
        compare("trees_vs_mlflow", (f"{url}/invocations", rows), (f"http://127.0.0.1:{port}/invocations", rows), 0.1, 0.1)
        stop(peer)
    stop(ours)


def bento(name, code):
    folder, (port,) = f"{root}/{name}", free_ports(1)
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/service.py", "w") as f:
        f.write(code)
    peer = spawn([bench.have("bentoml"), "serve", f"service:{name}", "--host", "127.0.0.1", "--port", str(port)], folder,
                 f"http://127.0.0.1:{port}/readyz", BENTOML_DO_NOT_TRACK="1")
    return peer, f"http://127.0.0.1:{port}/predict"


def python_worker():
    if not bench.have("bentoml"):
        return
    os.makedirs(f"{root}/nothing")
    with open(f"{root}/nothing/predict.py", "w") as f:
        f.write("def predict(rows):\n    return [1.0 for _ in rows]\n")
    body = json.dumps({"instances": [ROW]})
    url, ours, _ = gateway("--dir", f"{root}/nothing")
    peer, peer_url = bento("Nothing", BENTO)
    compare("python_vs_bentoml", (f"{url}/v1/models/nothing:predict", body), (peer_url, body), 1 / 3, None)
    for process in (ours, peer):
        stop(process)


def idle():
    """Without a model: its time to load is the model's own."""
    times = []
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as back:
            _, process, seconds = gateway("--upstream", f"http://127.0.0.1:{back.getsockname()[1]}")
        times.append(seconds)
        with open(f"/proc/{process.pid}/status") as f:
            mib = int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024
        stop(process)
    bench.figure("serve.idle_memory", mib, 20, 1, "MiB")
    bench.figure("serve.start", statistics.median(times) * 1e3, 50, 1, "ms")


root = bench.scratch()
try:
    idle()
    if bench.have("wrk"):
        passing_on()
        trees()
        python_worker()
finally:
    for left in started:
        if left.poll() is None:
            stop(left)
    bench.remove(root)
