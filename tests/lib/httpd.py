"""An object server (mlops-remote(5)) that misbehaves on purpose, written from the manual alone.

httpd.py ROOT FAULT URL-FILE: serves the objects of the folder remote ROOT on a free port, writes
its URL to URL-FILE, and logs one line a request ("METHOD PATH AUTHORIZATION") to URL-FILE.log.
FAULT says what goes wrong; NAME:N, only in the first N replies about objects.

  none      nothing
  short     the body ends before its declared length
  cut       the stream of objects ends within one, at its declared length
  long      more bytes than the object has
  corrupt   one byte is another
  other     an object that was not asked for
  stall     half of the body, and then nothing
  reset     half of the body, and a reset connection
  500 429 401 403 404    that status
  html      a web page with status 200
  away      a redirect to another host: the one whose URL is in ROOT/away
"""
import os
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

root, fault, url_file = sys.argv[1:4]
fault, _, count = fault.partition(":")
left = int(count) if count else 1 << 30


def load(name):
    try:
        with open(os.path.join(root, "objects", name[:2], name[2:]), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def frame(name, data, claimed=None):
    size = len(data) if claimed is None else claimed
    return bytes.fromhex(name) + struct.pack("<QQ", size, size) + bytes(8) + data


def frames(names):
    found = [(name, load(name)) for name in names]
    found = [(name, data) for name, data in found if data is not None]
    body = b"MLPK" + struct.pack("<I", 1)
    for i, (name, data) in enumerate(found):
        last = active() and i == len(found) - 1
        if last and fault == "cut":
            body += frame(name, data)[:-1]
        elif last and fault == "long":
            body += frame(name, data + b"x")
        elif last and fault == "other":
            body += frame("00" * 32, data)
        else:
            body += frame(name, data)
    return body


def active():
    return left > 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *args):
        pass

    def note(self):
        with open(url_file + ".log", "a") as f:
            f.write(f"{self.command} {self.path} {self.headers.get('Authorization', '-')}\n")

    def reply(self, status, body, length=None, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def drop(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def reply_objects(self, body, framed):
        """The body of a reply about objects, or what the fault makes of it."""
        global left
        if not active():
            return self.reply(200, body)
        left -= 1
        if fault.isdigit():
            return self.reply(int(fault), b'{"error":{"message":"on purpose"}}')
        if fault == "html":
            return self.reply(200, b"<html>hello</html>")
        if fault == "away":
            with open(os.path.join(root, "away")) as f:
                target = f.read().strip()
            return self.reply(302, b"", headers=[("Location", target + self.path)])
        if fault == "corrupt":
            return self.reply(200, body[:-1] + bytes([body[-1] ^ 1]))
        if fault == "long" and not framed:
            return self.reply(200, body + b"x")
        if fault in ("short", "stall", "reset"):
            self.reply(200, body[:len(body) // 2], len(body))
            if fault == "stall":
                time.sleep(60)
            return self.drop(fault == "reset")
        return self.reply(200, body)

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.note()
        names = text.split()
        if self.path == "/v1/objects/batch":
            self.reply(200, "".join(n + "\n" for n in names if load(n) is None).encode())
        elif self.path == "/v1/objects/fetch":
            self.reply_objects(frames(names), True)
        else:
            self.reply(404, b"")

    def do_GET(self):
        self.note()
        data = load(self.path.rpartition("/")[2])
        if self.path == "/v1":
            self.reply(200, b'{"service":"mlops","protocol":1}')
        elif data is None:
            self.reply(404, b"")
        else:
            self.reply_objects(data, False)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(url_file + ".new", "w") as f:
    f.write(f"http://127.0.0.1:{server.server_port}\n")
os.rename(url_file + ".new", url_file)
server.serve_forever()
