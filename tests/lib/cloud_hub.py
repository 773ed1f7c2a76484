"""A Hugging Face hub for cloudd.py, written from its documentation: hf://org/model, whose files are those of
DIR/hub. Those that end in .bin are of LFS; others have the name that git has for them. The token is
secret-of-hub. Files of LFS are on "another host": /cdn, where a token must not come along. Uploads of LFS go in
parts of 5 MB; what a commit holds is kept in DIR/commit. With a DIR/moved the branch main is at another commit."""
import base64
import hashlib
import json
import os
from urllib.parse import quote, unquote

uploaded, parts = {}, {}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Hub:
    def hub_files(self):
        top = os.path.join(self.root, "hub")
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), top)
                with open(os.path.join(top, path), "rb") as f:
                    yield path, f.read()

    def hub_head(self):
        return "d" * 40 if os.path.exists(os.path.join(self.root, "moved")) else "c" * 40

    def hub_entry(self, path, data):
        if path.endswith(".bin"):
            return {"type": "file", "path": path, "size": len(data), "oid": "0" * 40,
                    "lfs": {"oid": sha256(data), "size": len(data), "pointerSize": 130}}
        return {"type": "file", "path": path, "size": len(data),
                "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()}

    def hub(self, path):
        path = unquote(path)
        if path.startswith("/cdn/"):
            if "Authorization" in self.headers:
                return self.reply(400, "a token came along")
            return self.hub_cdn(path)
        if self.headers.get("Authorization") != "Bearer secret-of-hub":
            return self.json({"error": "Invalid username or password."}, 401)
        if path == "/api/models/org/model/revision/main":
            return self.json({"sha": self.hub_head()})
        if path == f"/api/models/org/model/tree/{self.hub_head()}":
            files = [self.hub_entry(p, d) for p, d in self.hub_files()]
            extra = os.path.join(self.root, "extra")
            if os.path.exists(extra):
                with open(extra) as f:
                    files.append(json.load(f))
            at = int(self.query.get("cursor", 0))
            if os.path.exists(os.path.join(self.root, "circle")):
                return self.json([], 200, [("Link", f'<http://{self.headers["Host"]}{path}?cursor={1 - at}>; rel="next"')])
            link = [("Link", f'<http://{self.headers["Host"]}{path}?cursor={at + 2}>; rel="next"')]
            return self.json(files[at:at + 2], 200, link if at + 2 < len(files) else [])
        if path.startswith(f"/org/model/resolve/{self.hub_head()}/"):
            name = path.split("/", 5)[5]
            data = dict(self.hub_files())[name]
            if name.endswith(".bin"):
                return self.reply(302, headers=[("Location", f"{self.cdn()}/cdn/{quote(name)}")])
            return self.send_key(data)
        if path == "/api/models/org/model/preupload/main":
            return self.json({"files": [{"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(".bin") else
                                         "regular", "shouldIgnore": False} for f in json.loads(self.body)["files"]]})
        if path == "/org/model.git/info/lfs/objects/batch":
            return self.json({"objects": [self.hub_action(o) for o in json.loads(self.body)["objects"]]})
        if path == "/api/models/org/model/commit/main":
            with open(os.path.join(self.root, "commit"), "wb") as f:
                f.write(self.body)
            return self.json({"commitOid": "d" * 40, "commitUrl": "x"})
        return self.json({"error": "not found"}, 404)

    def cdn(self):
        return f"http://localhost:{self.headers['Host'].rpartition(':')[2]}"

    def hub_action(self, o):
        count = -(-o["size"] // 5000000)
        header = {f"{i:05d}": f"{self.cdn()}/cdn/part/{o['oid']}/{i}" for i in range(1, count + 1)}
        return dict(o, actions={"upload": {"href": f"{self.cdn()}/cdn/done/{o['oid']}",
                                           "header": dict(header, chunk_size="5000000")},
                                "verify": {"href": f"{self.cdn()}/cdn/verify/{o['oid']}"}})

    def hub_cdn(self, path):
        kind = path.split("/")[2]
        if kind == "part":
            parts[path[len("/cdn/part/"):]] = self.body
            return self.reply(200, headers=[("ETag", f'"{hashlib.md5(self.body).hexdigest()}"')])
        if kind == "done":
            told = json.loads(self.body)
            data = b"".join(parts[f"{told['oid']}/{p['partNumber']}"] for p in told["parts"])
            uploaded[told["oid"]] = data
            return self.json({}, 200 if sha256(data) == told["oid"] else 400)
        if kind == "verify":
            return self.json({}, 200 if json.loads(self.body)["oid"] in uploaded else 404)
        return self.send_key(dict(self.hub_files())[path[len("/cdn/"):]])
