"""Answering requests as told to fail: what servers that misbehave on purpose have in common.

DIR/faults is read at every request: lines "METHOD REGEX FAULT [COUNT]", of which the first that fits a
request and is not used up counts: a status (the reply), reset, short (half of the body, then the end),
stall, corrupt (one byte is another), die (nothing at all), away (a redirect to the URL in DIR/away).
One line a request goes to DIR/log: "METHOD PATH STATUS authorization=.. range=..".
"""
import os
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler

lock = threading.Lock()
used = {}


def fault_for(root, method, path):
    try:
        with open(os.path.join(root, "faults")) as f:
            lines = f.read().splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        want, regex, fault, *count = line.split()
        with lock:
            if want == method and re.search(regex, path) and used.get(line, 0) < int(count[0] if count else 1 << 30):
                used[line] = used.get(line, 0) + 1
                return fault
    return None


class Faulty(BaseHTTPRequestHandler):
    """A subclass has the folder as `root`, and answer_well() for what does not fail before it is answered."""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", headers=()):
        body = body.encode() if isinstance(body, str) else body
        fault = self.fault
        if fault == "corrupt" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        with lock, open(os.path.join(self.root, "log"), "a") as f:
            f.write(f"{self.command} {self.path} {status} authorization={self.headers.get('Authorization', '-')} "
                    f"range={self.headers.get('Range', '-')}\n")
        self.send_response(status)
        named = dict(headers)
        self.send_header("Content-Length", named.pop("Content-Length", str(len(body))))
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[:len(body) // 2] if fault in ("short", "stall", "reset") else body)
        self.wfile.flush()
        if fault == "stall":
            time.sleep(60)
        if fault in ("short", "stall", "reset"):
            self.cut(fault == "reset")

    def cut(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        self.fault = fault_for(self.root, self.command, self.path)
        if self.fault == "die":
            return self.cut(True)
        self.body = self.read_body()
        if self.fault and self.fault.isdigit():
            headers = [("Retry-After", "1")] if self.fault in ("429", "503") else []
            status, self.fault = int(self.fault), None
            return self.reply(status, "<Error><Code>OnPurpose</Code><Message>on purpose</Message></Error>", headers)
        if self.fault == "away":
            with open(os.path.join(self.root, "away")) as f:
                return self.reply(307, headers=[("Location", f.read().strip() + self.path)])
        return self.answer_well()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_MKCOL = do_MOVE = do_PROPFIND = answer
