"""Amazon S3 as a proxy shows it: every host that is asked for is this program.

awsd.py DIR: answers CONNECT on a free port (its URL goes to DIR/proxy) and speaks TLS with DIR/cert.pem and
DIR/key.pem as the host that was named. The bucket "far-bucket" is in eu-west-1 and empty: elsewhere it
answers as AWS does, by a redirect, or with DIR/malformed there by finding the signature's region wrong. One
line a request goes to DIR/log: "METHOD HOST REGION STATUS", with the region of the signature.
"""
import os
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

root = sys.argv[1]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(os.path.join(root, "cert.pem"), os.path.join(root, "key.pem"))
REDIRECT = "<Error><Code>PermanentRedirect</Code><Message>another endpoint</Message></Error>"
MALFORMED = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-west-1</Region></Error>"
EMPTY = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *args):
        pass

    def do_CONNECT(self):
        self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def do_GET(self):
        host = self.headers["Host"]
        region = re.search(r"Credential=[^/]*/[^/]*/([^/]*)", self.headers.get("Authorization", "")).group(1)
        here = region == "eu-west-1"
        if host in ("far-bucket.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com") and here:
            return self.answer(*((200, EMPTY) if self.command == "GET" else (404, "")), region)
        if os.path.exists(os.path.join(root, "malformed")):
            return self.answer(400, MALFORMED, region)
        return self.answer(301, REDIRECT, region, [("x-amz-bucket-region", "eu-west-1")])

    do_HEAD = do_GET

    def answer(self, status, body, region, headers=()):
        with open(os.path.join(root, "log"), "a") as f:
            f.write(f"{self.command} {self.headers['Host']} {region} {status}\n")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(root, "proxy.new"), "w") as f:
    f.write(f"http://127.0.0.1:{server.server_port}\n")
os.rename(os.path.join(root, "proxy.new"), os.path.join(root, "proxy"))
server.serve_forever()
