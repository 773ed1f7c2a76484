"""An HTTP server with the ways of answering that a gateway meets: upstream.py PORTFILE. Plain sockets."""
import hashlib
import os
import socket
import sys
import threading
import time

listener = socket.create_server(("127.0.0.1", 0), backlog=512)
lock = threading.Lock()
served = {"/crash-once": 0}


def read_request(f):
    line = f.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split()
    fields = {}
    while (line := f.readline()) != b"\r\n":
        name, value = line.decode("latin-1").split(":", 1)
        fields[name.lower()] = value.strip()
    body = bytearray()
    if fields.get("transfer-encoding") == "chunked":
        while n := int(f.readline(), 16):
            body += f.read(n)
            f.readline()
        f.readline()
    else:
        body = f.read(int(fields.get("content-length", 0)))
    return method, target, fields, body


def plain(body, *fields, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]).encode() + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(s, method, target, fields, body):
    """True when the connection goes on."""
    if target == "/fields":
        s.sendall(plain("\n".join(f"{k}: {v}" for k, v in sorted(fields.items())).encode(), "X-Own: 1",
                        "Connection: x-hop", "X-Hop: 1"))
    elif target == "/hash":
        s.sendall(plain(f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()))
    elif target == "/large":
        s.sendall(plain(b"x" * (20 << 20)))
    elif target.startswith("/v1/chat/completions"):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(3):
            s.sendall(chunk(b"data: %d\n\n" % i))
            while not os.path.exists(f"{sys.argv[1]}.{i}"):
                time.sleep(0.01)
        s.sendall(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    elif target == "/until-close":
        s.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
        return False
    elif target == "/nothing":
        s.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    elif target == "/early":
        s.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + plain(b"late"))
    elif target == "/malformed":
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
        return False
    elif target == "/cut":
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
        return False
    elif target == "/extra":
        s.sendall(plain(b"one") + plain(b"two"))
    elif target == "/crash":
        os._exit(3)
    elif target in ("/crash-once", "/v1/models/m:predict", "/post-once"):
        with lock:
            served[target] = served.get(target, 0) + 1
            first = served[target] == 1
        if first:
            return False
        s.sendall(plain(b"again"))
    elif target == "/slow":
        time.sleep(3)
        s.sendall(plain(b"slow"))
    else:
        s.sendall(plain(b"hello" if method != "HEAD" else b""))
    return True


def serve(s):
    with s, s.makefile("rb") as f:
        try:
            while (request := read_request(f)) and answer(s, *request):
                pass
        except OSError:
            pass


with open(sys.argv[1] + ".part", "w") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".part", sys.argv[1])
while True:
    conn, _ = listener.accept()
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
