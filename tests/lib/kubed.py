"""The part of Kubernetes that runs a Job, as the manual has it, for one machine without containers.

kubed.py FOLDER [KEY CERT AUTHORITY]: serves the API on a free port, over TLS with client certificates when
those are given, and writes its URL to FOLDER/url. The command of a Job's container is run here, its
termination message a file in FOLDER. FOLDER/requests has a line "METHOD PATH" a request, FOLDER/NAME.json
each Job as it came. The token to be given is "good", or what FOLDER/token says. The image says how it goes:

  run       it runs
  full      no node takes it, at first
  absent    there is no such image
  killed    it is killed for want of memory
  late      its time is up, and the pod is gone
  cut       it runs, and its log is cut in the middle, once
  quota     no pod may be made for it, as an event says
  drained   it starts, and its pod is gone
  lost      it starts, and its node is gone
  away      it runs, and the server is away meanwhile, and then knows nobody for a moment
"""
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
lock = threading.Lock()
pods = {}


def stamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.time_ns() % 10**9:09d}Z"


def good_token():
    try:
        with open(os.path.join(folder, "token")) as f:
            return f.read().strip()
    except FileNotFoundError:
        return "good"


def expand(text, env):
    """As Kubernetes does for $(NAME) and $$."""
    return re.sub(r"\$(\$|\(([^)]*)\))", lambda m: "$" if m[1] == "$" else env.get(m[2], m[0]), text)


class Pod:
    def __init__(self, job):
        self.name = job["metadata"]["name"]
        self.meta = dict(job["spec"]["template"]["metadata"], name=self.name + "-x1", creationTimestamp="2026")
        self.container = job["spec"]["template"]["spec"]["containers"][0]
        self.image = self.container["image"]
        if self.image == "lost":
            self.meta.update(deletionTimestamp="2026", deletionGracePeriodSeconds=30)
        self.lines, self.looks, self.process, self.cut = [], 0, None, self.image == "cut"
        self.end = os.path.join(folder, self.name + ".end")
        if self.image in ("run", "full", "cut", "away"):
            self.start()

    def start(self):
        env = dict(os.environ)
        for var in self.container["env"]:
            ref = var.get("valueFrom", {}).get("secretKeyRef")
            env[var["name"]] = f"{ref['key']} of {ref['name']}" if ref else expand(var["value"], env)
        open(self.end, "w").close()
        command = [expand(a, env).replace("/dev/termination-log", self.end) for a in self.container["command"]]
        self.process = subprocess.Popen(command, env=env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append((stamp(), line))
        self.process.wait()
        self.lines.append(None)

    def ended(self):
        return self.process and self.lines and self.lines[-1] is None

    def status(self):
        self.looks += 1
        if self.image == "absent":
            return {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {
                "reason": "ErrImagePull", "message": "no such image: absent"}}}]}
        if self.image == "killed":
            return {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {
                "exitCode": 137, "reason": "OOMKilled"}}}]}
        if self.image == "full" and self.looks < 3:
            return {"phase": "Pending", "conditions": [{
                "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}
        if self.image == "lost":
            return {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}], "conditions": [{
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint"}]}
        if self.image == "drained" or not self.ended():
            return {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}
        code = self.process.returncode
        with open(self.end) as f:
            return {"phase": "Failed" if code else "Succeeded", "containerStatuses": [{"state": {"terminated": {
                "exitCode": code if code >= 0 else 128 - code, "message": f.read()}}}]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        with lock, open(os.path.join(folder, "requests"), "a") as f:
            f.write(f"{self.command} {self.path}\n")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != "Bearer " + good_token() and len(sys.argv) < 3:
            return self.answer(401, {"kind": "Status", "message": "Unauthorized"})
        path, _, query = self.path.partition("?")
        name = path.rsplit("/", 1)[-1]
        if self.command == "POST":
            return self.create(json.loads(body))
        if self.command == "DELETE":
            return self.delete(name)
        if path.endswith("/log"):
            return self.log(query)
        if path.endswith("/pods"):
            pod = pods.get(query.rpartition("%3D")[2])
            status = pod and pod.status()
            if pod and pod.image == "away" and 2 <= pod.looks <= 4:
                return self.answer(403 if pod.looks == 4 else 503, {"message": "not ready yet"})
            none = not pod or pod.image in ("late", "quota") or (pod.image == "drained" and pod.looks > 1)
            return self.answer(200, {"items": [] if none else [{"metadata": pod.meta, "status": status}]})
        if path.endswith("/events"):
            pod = pods.get(query.rpartition("%3D")[2])
            return self.answer(200, {"items": [
                {"type": "Normal", "message": "fine", "lastTimestamp": "2026-01-03"},
                {"type": "Warning", "message": "exceeded quota", "lastTimestamp": "2026-01-02"},
                {"type": "Warning", "message": "older", "lastTimestamp": "2026-01-01"},
            ] if pod and pod.image == "quota" else []})
        if name not in pods:
            return self.answer(404, {"message": f"jobs \"{name}\" not found"})
        if pods[name].image != "late":
            return self.answer(200, {"status": {}})
        return self.answer(200, {"status": {"conditions": [{
            "type": "Failed", "status": "True", "message": "Job was active longer than specified deadline"}]}})

    do_GET = do_POST = do_DELETE = handle_request

    def create(self, job):
        name = job["metadata"]["name"]
        if name in pods:
            return self.answer(409, {"message": f"jobs \"{name}\" already exists"})
        with open(os.path.join(folder, name + ".json"), "w") as f:
            json.dump(job, f)
        pods[name] = Pod(job)
        return self.answer(201, job)

    def delete(self, name):
        pod = pods.pop(name, None)
        if not pod:
            return self.answer(404, {"message": f"jobs \"{name}\" not found"})
        if pod.process and pod.process.poll() is None:
            os.kill(pod.process.pid, signal.SIGTERM)
        return self.answer(200, {})

    def log(self, query):
        name = self.path.split("/")[-2].removesuffix("-x1")
        pod = pods.get(name)
        since = query.partition("sinceTime=")[2].replace("%3A", ":")[:19]
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        at = 0
        while pod and pod.process:
            while at < len(pod.lines):
                if pod.lines[at] is None:
                    return
                when, line = pod.lines[at]
                if when[:19] >= since:
                    self.wfile.write(when.encode() + b" " + line)
                    self.wfile.flush()
                at += 1
                if pod.cut and at == 2:
                    pod.cut = False
                    return
            time.sleep(0.02)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[2])
    context.load_verify_locations(sys.argv[4])
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(folder, "url.new"), "w") as f:
    f.write(f"{'https' if len(sys.argv) > 2 else 'http'}://127.0.0.1:{server.server_port}")
os.rename(os.path.join(folder, "url.new"), os.path.join(folder, "url"))
server.serve_forever()
