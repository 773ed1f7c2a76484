"""A stand-in for the clouds that misbehaves on purpose, written from their documentation.

cloudd.py DIR: serves on a free port and writes its URL to DIR/url; one line a request goes to DIR/log:
"METHOD PATH STATUS authorization=.. range=..". It speaks enough of S3 (path style, parts; signatures are
not checked), of Google Cloud Storage (its sessions are the real ones), and of the places that give keys
and tokens: AWS's metadata and STS, Google's token endpoint (which checks the claim by DIR/public.pem)
and metadata, Azure's token endpoint and the listing of a container. It is a container registry too
(cloud_registry.py), a Git LFS server (cloud_lfs.py) and a hub of models (cloud_hub.py).

It fails as DIR/faults says (faulty.py).
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cloud_hub import Hub
from cloud_lfs import Lfs
from cloud_registry import Registry
from faulty import Faulty

root = sys.argv[1]
keys, parts, sessions = {}, {}, {}
ROLE = {"Code": "Success", "AccessKeyId": "KEYOFROLE", "SecretAccessKey": "secret-of-role", "Token": "token-of-role",
        "Expiration": "2099-01-01T00:00:00Z"}
STS = """<R><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>secret-of-sts</SecretAccessKey>
<SessionToken>token-of-sts</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></R>"""


def claim_is_good(claim):
    head, body, signature = claim.split(".")
    pad = lambda s: s + "=" * (-len(s) % 4)
    file = os.path.join(root, "signature")
    with open(file, "wb") as f:
        f.write(base64.urlsafe_b64decode(pad(signature)))
    told = json.loads(base64.urlsafe_b64decode(pad(body)))
    return told["iss"] == "me@example.org" and told["exp"] > time.time() and subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", os.path.join(root, "public.pem"), "-signature", file],
        input=f"{head}.{body}".encode(), stdout=subprocess.DEVNULL).returncode == 0


class Handler(Lfs, Registry, Hub, Faulty):
    root = root

    def json(self, value, status=200, headers=()):
        self.reply(status, json.dumps(value), headers)

    def answer_well(self):
        self.queries = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        self.query = {k: v[0] for k, v in self.queries.items()}
        path = urlsplit(self.path).path
        for prefix, handle in (("/latest/", self.aws_metadata), ("/computeMetadata/", self.google_metadata),
                               ("/sts", self.sts), ("/container", self.container), ("/token", self.google_token),
                               ("/tenant/", self.azure_token), ("/account/", self.azure),
                               ("/storage/v1/", self.gcs), ("/upload/storage/v1/", self.gcs_upload),
                               ("/v2/", self.registry), ("/registry-auth", self.registry_auth),
                               ("/lfs/", self.lfs), ("/lfs-store/", self.lfs_store),
                               ("/api/models/", self.hub), ("/api/repos/", self.hub), ("/org/", self.hub),
                               ("/cdn/", self.hub)):
            if path.startswith(prefix):
                return handle(path)
        return self.s3(unquote(path))

    def aws_metadata(self, path):
        if path.endswith("/api/token"):
            return self.reply(200 if self.command == "PUT" else 405, "session-of-machine")
        if self.headers.get("X-aws-ec2-metadata-token") != "session-of-machine":
            return self.reply(401)
        if path.endswith("/security-credentials/"):
            return self.reply(200, "role-of-machine")
        self.json(dict(ROLE, AccessKeyId="KEYOFMACHINE"))

    def container(self, path):
        good = self.headers.get("Authorization") == "token-of-container"
        self.json(dict(ROLE, AccessKeyId="KEYOFCONTAINER"), 200 if good else 403)

    def sts(self, path):
        form = {k: v[0] for k, v in parse_qs(self.body.decode()).items()}
        if form["Action"] == "AssumeRoleWithWebIdentity" and form["WebIdentityToken"] == "token-of-web":
            return self.reply(200, STS % "KEYOFWEB")
        if form["Action"] == "AssumeRole" and "Credential=KEYOFBASE/" in self.headers.get("Authorization", ""):
            return self.reply(200, STS % "KEYOFASSUMED")
        self.reply(403)

    def google_token(self, path):
        form = {k: v[0] for k, v in parse_qs(self.body.decode()).items()}
        if form["grant_type"] == "refresh_token":
            good, token = form["refresh_token"] == "refresh-of-user", "token-of-user"
        else:
            good, token = claim_is_good(form["assertion"]), "token-of-account"
        self.json({"access_token": token, "expires_in": 3600}, 200 if good else 400)

    def google_metadata(self, path):
        good = self.headers.get("Metadata-Flavor") == "Google"
        self.json({"access_token": "token-of-machine", "expires_in": 3600}, 200 if good else 403)

    def azure_token(self, path):
        form = {k: v[0] for k, v in parse_qs(self.body.decode()).items()}
        good = form.get("client_secret") == "secret-of-app"
        self.json({"access_token": "token-of-app", "expires_in": "3600"}, 200 if good else 401)

    def azure(self, path):
        good = self.headers.get("Authorization") == "Bearer token-of-app" and self.headers.get("x-ms-version")
        if good and "comp" not in self.query:
            return self.reply(404)
        self.reply(200 if good else 403, "<EnumerationResults><Blobs/></EnumerationResults>")

    def send_key(self, data):
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        headers = [("ETag", f'"{hashlib.md5(data).hexdigest()}"')]
        if not span:
            return self.reply(200, data, headers + [("Content-Length", str(len(data)))])
        start, end = int(span[1]), min(int(span[2] or len(data)), len(data) - 1)
        if start >= len(data):
            return self.reply(416)
        self.reply(206, data[start:end + 1], headers + [("Content-Range", f"bytes {start}-{end}/{len(data)}")])

    def s3(self, path):
        if "list-type" in self.query:
            bucket = path.strip("/")
            found = [(k[len(bucket) + 2:], v) for k, v in sorted(keys.items()) if k.startswith(f"/{bucket}/")]
            found = [(k, v) for k, v in found if k.startswith(self.query["prefix"])]
            return self.reply(200, "<ListBucketResult>" + "".join(
                f"<Contents><Key>{k}</Key><Size>{len(v)}</Size></Contents>" for k, v in found) + "</ListBucketResult>")
        if self.command == "POST" and "uploads" in self.query:
            parts[path] = {}
            return self.reply(200, "<R><UploadId>upload-1</UploadId></R>")
        if self.command == "GET" and "uploadId" in self.query:
            return self.reply(200, "<R>" + "".join(
                f'<Part><PartNumber>{n}</PartNumber><ETag>"{hashlib.md5(v).hexdigest()}"</ETag><Size>{len(v)}</Size></Part>'
                for n, v in sorted(parts[path].items())) + "<IsTruncated>false</IsTruncated></R>")
        if self.command in ("PUT", "POST") and hashlib.sha256(self.body).hexdigest() != self.headers["x-amz-content-sha256"]:
            return self.reply(400, "<Error><Code>XAmzContentSHA256Mismatch</Code></Error>")
        if self.command == "PUT" and "partNumber" in self.query:
            parts[path][int(self.query["partNumber"])] = self.body
            return self.reply(200, headers=[("ETag", f'"{hashlib.md5(self.body).hexdigest()}"')])
        if self.command == "POST":
            keys[path] = b"".join(v for _, v in sorted(parts.pop(path).items()))
            return self.reply(200, "<R/>")
        if self.command == "PUT":
            keys[path] = self.body
            return self.reply(200)
        if self.command == "DELETE":
            keys.pop(path, None)
            return self.reply(204)
        if path not in keys:
            return self.reply(404, "<Error><Code>NoSuchKey</Code></Error>")
        self.send_key(keys[path])

    def gcs(self, path):
        name = "gs:" + unquote(path.partition("/o/")[2])
        if path.endswith("/o"):
            return self.json({"items": [{"name": k[3:], "size": str(len(v))} for k, v in keys.items()
                                        if k.startswith("gs:" + self.query["prefix"])]})
        if name not in keys:
            return self.json({"error": {"message": "no such object"}}, 404)
        if self.command == "DELETE":
            del keys[name]
            return self.reply(204)
        if self.query.get("alt") == "media":
            return self.send_key(keys[name])
        self.json({"size": str(len(keys[name]))})

    def stored(self, name, data):
        keys[name] = data
        self.json({"md5Hash": base64.b64encode(hashlib.md5(data).digest()).decode()})

    def gcs_upload(self, path):
        if self.command == "POST" and self.query["uploadType"] == "media":
            return self.stored("gs:" + self.query["name"], self.body)
        if self.command == "POST":
            sessions[self.query["name"]] = b""
            where = f"http://{self.headers['Host']}{path}?session={self.query['name']}"
            return self.reply(200, headers=[("Location", where)])
        name = self.query["session"]
        span, _, total = self.headers["Content-Range"].removeprefix("bytes ").partition("/")
        if span != "*":
            if int(span.partition("-")[0]) != len(sessions[name]):
                return self.reply(400)
            sessions[name] += self.body
        if len(sessions[name]) == int(total):
            return self.stored("gs:" + name, sessions[name])
        have = len(sessions[name])
        self.reply(308, headers=[("Range", f"bytes=0-{have - 1}")] if have else [])


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(root, "url.new"), "w") as f:
    f.write(f"http://127.0.0.1:{server.server_port}\n")
os.rename(os.path.join(root, "url.new"), os.path.join(root, "url"))
server.serve_forever()
