"""A proxy that fails on purpose, before a server that does not.

fault_proxy.py HOST:PORT DIR: hands requests to that server and its replies back, and fails as DIR/faults says
(faulty.py). Writes its URL to DIR/url.
"""
import http.client
import os
import sys
from http.server import ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faulty import Faulty

server_at, folder = sys.argv[1:3]
HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "expect")


class Handler(Faulty):
    root = folder

    def answer_well(self):
        link = http.client.HTTPConnection(server_at, timeout=60)
        link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                link.putheader(name, value)
        if self.body or self.command in ("PUT", "POST", "PATCH"):
            link.putheader("Content-Length", str(len(self.body)))
        link.endheaders(self.body)
        answer = link.getresponse()
        body = answer.read()
        headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in HOP]
        if self.command == "HEAD" and answer.getheader("Content-Length"):
            headers.append(("Content-Length", answer.getheader("Content-Length")))
        link.close()
        self.reply(answer.status, body, headers)

    def send_response(self, code, message=None):
        self.send_response_only(code, message)  # the server's own Date and Server


proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
proxy.daemon_threads = True
with open(os.path.join(folder, "url.new"), "w") as f:
    f.write(f"http://127.0.0.1:{proxy.server_port}")
os.rename(os.path.join(folder, "url.new"), os.path.join(folder, "url"))
proxy.serve_forever()
