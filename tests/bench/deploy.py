"""Requests through the gateway to a predict function that does nothing, one connection at a time;
Python's own http.server calling the same function is the measure."""
import http.client
import json
import os
import statistics
import subprocess
import sys
import time

import bench

PREDICT = "def predict(rows):\n    return [1.0 for _ in rows]\n"
PEER = """
import http.server, json, sys
from predict import predict
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["instances"]
        body = json.dumps({"predictions": predict(rows)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
BODY = json.dumps({"instances": [[1.0] * 13]})
REQUESTS = 1000


def latency(connection, path):
    start = time.perf_counter()
    for _ in range(REQUESTS):
        connection.request("POST", path, BODY, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            sys.exit(f"bench: HTTP {reply.status}")
    return (time.perf_counter() - start) / REQUESTS * 1e6


root = bench.scratch()
started = []
try:
    os.makedirs(f"{root}/model")
    with open(f"{root}/model/predict.py", "w") as f:
        f.write(PREDICT)
    ours = subprocess.Popen(["mlops", "serve", "--dir", f"{root}/model", "--listen", "127.0.0.1:0", "--json"],
                            stdout=subprocess.PIPE, text=True, env=bench.ENV)
    started.append(ours)
    peer = subprocess.Popen([sys.executable, "-c", PEER], cwd=f"{root}/model",
                            stdout=subprocess.PIPE, text=True, env=bench.ENV)
    started.append(peer)
    text = ""
    while not text.rstrip().endswith("}"):
        text += ours.stdout.readline()
    where = json.loads(text)
    a = http.client.HTTPConnection(where["url"].removeprefix("http://"))
    b = http.client.HTTPConnection("127.0.0.1", int(peer.stdout.readline()))
    path = "/v1/models/model:predict"
    rounds = [(latency(a, path), latency(b, path)) for _ in range(5)]
    bench.figure("deploy.predict_vs_http_server", statistics.median(r[0] for r in rounds),
                 statistics.median(r[1] for r in rounds), goal=1, unit="us")
finally:
    for process in started:
        process.terminate()
        process.wait()
    bench.remove(root)
