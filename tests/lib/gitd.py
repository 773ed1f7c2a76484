#!/usr/bin/env python3
"""gitd.py ROOT FILE: git's smart HTTP on a free port, whose URL goes into FILE; FILE.log has a line
"METHOD PATH STATUS BYTES" for each answer. Repositories in ROOT/private want ada:secret."""
import base64
import http.server
import os
import subprocess
import sys

root, ready = sys.argv[1:3]
log = open(ready + '.log', 'a', buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def allowed(self):
        want = 'Basic ' + base64.b64encode(b'ada:secret').decode()
        return not self.path.startswith('/private/') or self.headers.get('Authorization') == want

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print(self.command, self.path, status, len(body), file=log)

    def body(self):
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        data = b''
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self):
        body = self.body()
        if not self.allowed():
            return self.answer(401, [('WWW-Authenticate', 'Basic realm="x"')], b'')
        path, _, query = self.path.partition('?')
        env = dict(os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL='1', PATH_INFO=path,
                   QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_USER='ada',
                   CONTENT_TYPE=self.headers.get('Content-Type', ''), CONTENT_LENGTH=str(len(body)),
                   GIT_PROTOCOL=self.headers.get('Git-Protocol', ''),
                   HTTP_CONTENT_ENCODING=self.headers.get('Content-Encoding', ''))
        done = subprocess.run(['git', 'http-backend'], input=body, env=env, stdout=subprocess.PIPE,
                              check=False)
        head, _, body = done.stdout.partition(b'\r\n\r\n')
        headers = [tuple(line.split(': ', 1)) for line in head.decode().split('\r\n') if line]
        status = [value for name, value in headers if name == 'Status']
        self.answer(int(status[0].split()[0]) if status else 200,
                    [h for h in headers if h[0] != 'Status'], body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open(ready + '.new', 'w', encoding='utf-8') as f:
    print(f'http://127.0.0.1:{server.server_port}', file=f)
os.rename(ready + '.new', ready)
server.serve_forever()
