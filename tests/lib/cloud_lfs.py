"""A Git LFS server for cloudd.py, written from git-lfs's docs/api.

The API is at /lfs; DIR/auth has the header Authorization that lets in. Its storage, /lfs-store, wants the
header that batches give, and none of the API's. Faults of a batch: over (links whose time is over), stale
(links that storage refuses), junk (a page), none (no objects), other (another kind of transfer); of an
object: long (a byte too many).
"""
import json
import os

objects = {}


class Lfs:
    def lfs_object(self, operation, oid, size):
        here, host = oid in objects, f"http://{self.headers['Host']}"
        answer = {"oid": oid, "size": size, "authenticated": True}
        if operation == "download" and not here:
            return dict(answer, error={"code": 404, "message": "not here"})
        if operation == "download" or not here:
            link = {"href": f"{host}/lfs-store/{oid}", "expires_in": -5 if self.fault == "over" else 3600,
                    "header": {"X-Ticket": "stale" if self.fault == "stale" else "good"}}
            answer["actions"] = {operation: link}
        if operation == "upload" and not here:
            answer["actions"]["verify"] = {"href": f"{host}/lfs/verify", "header": {"X-Ticket": "good"}}
        return answer

    def lfs_lets_in(self):
        try:
            with open(os.path.join(self.root, "auth")) as f:
                return self.headers.get("Authorization") == f.read().strip()
        except FileNotFoundError:
            return True

    def lfs(self, path):
        if path == "/lfs/verify":
            asked = json.loads(self.body)
            return self.json({}, 200 if len(objects.get(asked["oid"], b"")) == asked["size"] else 404)
        if not self.lfs_lets_in():
            return self.json({"message": "who are you"}, 401, [("LFS-Authenticate", 'Basic realm="x"')])
        if path != "/lfs/objects/batch":
            return self.json({"message": "no locks here"}, 404)
        if self.fault == "junk":
            return self.reply(200, "<html>a page</html>", [("Content-Type", "text/html")])
        asked = json.loads(self.body)
        found = [] if self.fault == "none" else asked["objects"]
        self.json({"transfer": "other" if self.fault == "other" else "basic",
                   "objects": [self.lfs_object(asked["operation"], o["oid"], o["size"]) for o in found]})

    def lfs_store(self, path):
        name = path.rpartition("/")[2]
        if self.headers.get("X-Ticket") != "good" or "Authorization" in self.headers:
            return self.reply(403)
        if self.command == "PUT":
            objects[name] = self.body
            return self.reply(200)
        if name not in objects:
            return self.reply(404)
        self.send_key(objects[name] + (b"x" if self.fault == "long" else b""))
