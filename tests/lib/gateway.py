"""Requests by plain sockets: gateway.py HOST:PORT CASE... prints a line a fact: 0 (it holds) or 1, and its name."""
import json
import os
import resource
import select
import socket
import sys
import time

HOST, PORT = sys.argv[1].split(":")
PATH = "/v1/models/wine:predict"
GOOD = b'{"instances":[[1,2]]}'


def dial():
    s = socket.create_connection((HOST, int(PORT)), timeout=20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def head(*fields, method="POST", path=PATH, version="HTTP/1.1"):
    return "\r\n".join([f"{method} {path} {version}", "Host: a", *fields, "", ""]).encode()


def read_all(s):
    """Until the gateway closes, which it does once it refuses."""
    data = b""
    try:
        while part := s.recv(65536):
            data += part
    except (ConnectionResetError, socket.timeout):
        pass
    return data


def statuses(data):
    return [int(line.split()[1]) for line in data.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def exchange(data):
    """What comes back when these bytes are sent and nothing more."""
    with dial() as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        return read_all(s)


def send(data):
    return statuses(exchange(data))


def one_reply(s):
    data = b""
    while b"\r\n\r\n" not in data:
        part = s.recv(65536)
        if not part:
            return None, data
        data += part
    top, body = data.split(b"\r\n\r\n", 1)
    n = int([l for l in top.split(b"\r\n") if l.lower().startswith(b"content-length")][0].split(b":")[1])
    while len(body) < n:
        body += s.recv(65536)
    return statuses(top)[0], body[:n]


def ask(s, body=GOOD):
    s.sendall(head(f"Content-Length: {len(body)}") + body)
    return one_reply(s)[0]


def point(ok, name, detail=""):
    print(f"{0 if ok else 1} {name}" + ("" if ok else f": {detail!r}"), flush=True)


HIDDEN = head(method="GET", path="/hidden")
SMUGGLED = {
    "a length and chunks": head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + HIDDEN,
    "two lengths": head("Content-Length: 0", f"Content-Length: {len(HIDDEN)}") + HIDDEN,
    "a list of lengths": head(f"Content-Length: 0, {len(HIDDEN)}") + HIDDEN,
    "a blank before the colon": head(f"Content-Length : {len(HIDDEN)}") + HIDDEN,
    "a length with a sign": head(f"Content-Length: +{len(HIDDEN)}") + HIDDEN,
    "a folded field": head("X: a", f" Content-Length: {len(HIDDEN)}") + HIDDEN,
    "a bare LF in the head": head("X: a\nContent-Length: 0") + HIDDEN,
    "a bare CR in a field": head("X: a\rTransfer-Encoding: chunked") + HIDDEN,
    "another coding": head("Transfer-Encoding: gzip") + HIDDEN,
    "a coding behind a control character": head("Transfer-Encoding: \x0bchunked") + HIDDEN,
    "two codings": head("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + HIDDEN,
    "chunks in HTTP/1.0": head("Transfer-Encoding: chunked", version="HTTP/1.0") + b"0\r\n\r\n" + HIDDEN,
    "a chunk size by a bare LF": head("Transfer-Encoding: chunked") + b"5\nhello\r\n0\r\n\r\n" + HIDDEN,
    "a byte in place of a chunk's LF": head("Transfer-Encoding: chunked") + b"5\rXhello\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size in C's form": head("Transfer-Encoding: chunked") + b"0x0\r\n\r\n" + HIDDEN,
    "a chunk that is longer than it says": head("Transfer-Encoding: chunked") + b"2\r\nhello\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size that overflows": head("Transfer-Encoding: chunked") + b"10000000000000000\r\n\r\n" + HIDDEN,
    "two hosts": head("Host: b") + HIDDEN,
    "no host": b"GET /health HTTP/1.1\r\n\r\n" + HIDDEN,
    "a NUL": head("X: a\0b") + HIDDEN,
}


def smuggling():
    for name, data in SMUGGLED.items():
        got = exchange(data)  # a body that is refused as no JSON does not end the connection
        point(statuses(got) == [400] and b"Connection: close" in got,
              f"{name} is refused, and nothing behind it is answered", got)


def limits():
    flood = "X: " + "y" * 1000
    point(send(head(*[flood] * 200)) == [431], "a flood of header fields")
    point(send(head(*["a: b"] * 150)) == [400], "many header fields")
    with dial() as s:
        s.sendall(b"GET /" + b"a" * 20000)
        point(statuses(read_all(s)) == [431], "a request line without an end")
    with dial() as s:
        s.sendall(head("Content-Length: 99999999999"))
        point(statuses(read_all(s)) == [413], "a body that is said to be too large")
    with dial() as s:
        got = b""
        try:
            s.sendall(head("Transfer-Encoding: chunked"))
            for _ in range(40):
                s.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = statuses(read_all(s))
        point(got in ([413], []), "a body that grows too large", got)
    point(send(b"\x16\x03\x01\x02\x00\x01\x00") in ([], [400]), "TLS is no HTTP")
    point(send(head(f"Content-Length: {len(GOOD) + 5}") + GOOD) == [], "a body that ends early")


def forms():
    with dial() as s:
        s.sendall((head(f"Content-Length: {len(GOOD)}") + GOOD) * 20)
        got = [one_reply_of(s) for _ in range(20)]
        point(got == [200] * 20, "requests that were sent ahead are answered in their order", got)
    with dial() as s:
        data = head("Transfer-Encoding: chunked", "Connection: close")
        for i in range(len(GOOD)):
            data += b"1;x=y\r\n" + GOOD[i:i + 1] + b"\r\n"
        for b in data + b"0\r\nTrailer: x\r\n\r\n":
            s.sendall(bytes([b]))
        point(statuses(read_all(s)) == [200], "chunks that come byte by byte")
    with dial() as s:
        s.sendall(head(f"Content-Length: {len(GOOD)}", "Expect: 100-continue"))
        point(s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n", "a client that waits to be told to go on")
        s.sendall(GOOD)
        point(one_reply(s)[0] == 200, "and is answered")
        point(ask(s) == 200, "as is its next request")
    with dial() as s:
        s.sendall(head(method="HEAD", path="/health", version="HTTP/1.0"))
        data = read_all(s)
        point(statuses(data) == [200] and data.endswith(b"\r\n\r\n"), "HEAD, of HTTP/1.0", data)
    with dial() as s:
        s.sendall(head(method="GET", path="/nothing"))
        point(one_reply(s)[0] == 404 and ask(s) == 200, "a connection goes on after what is not there")


buffers = {}


def one_reply_of(s):
    """One reply of several that may come together."""
    data = buffers.pop(s, b"")
    while True:
        top, mark, rest = data.partition(b"\r\n\r\n")
        if mark:
            n = int([l for l in top.split(b"\r\n") if l.lower().startswith(b"content-length")][0].split(b":")[1])
            if len(rest) >= n:
                buffers[s] = rest[n:]
                return statuses(top)[0]
        part = s.recv(65536)
        if not part:
            return None
        data += part


def slow():
    """1,000 clients that send a head and never its end, while others are served."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(1000, most - 100)
    clients = [dial() for _ in range(count)]
    for i, s in enumerate(clients):
        s.sendall([head()[:-4], head("Content-Length: 100"), head("Transfer-Encoding: chunked") + b"5\r\nhe"][i % 3])
    with dial() as s:
        point(all(ask(s) == 200 for _ in range(50)), f"{count} slow clients keep nobody else waiting")
    open_ones = select.poll()
    for s in clients:
        open_ones.register(s, select.POLLIN)
    deadline = time.monotonic() + 60
    left = {s.fileno(): s for s in clients}
    while left and time.monotonic() < deadline:
        for fd, _ in open_ones.poll(1000):
            s = left.pop(fd)
            open_ones.unregister(fd)
            got = statuses(read_all(s))
            if got != [408]:
                point(False, "a slow client is told", got)
            s.close()
    point(not left, "and in the end they are sent away")


for case in sys.argv[2:]:
    globals()[case]()
