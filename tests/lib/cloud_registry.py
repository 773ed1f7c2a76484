"""A container registry for cloudd.py, written from the distribution specification.

It asks for a token when DIR/registry holds "bearer", for a password when it holds "basic"; the account is
me:secret-of-me, or the identity token secret-of-identity. Its tokens last for one repository and what was
asked for. It has no referrers API. A PATCH with the fault "half" takes half of the body and hangs up; with "hold" it does not hang up.
"""
import base64
import hashlib
import itertools
import json
import os
import re
from urllib.parse import parse_qs

blobs, manifests, tags, uploads, numbers = {}, {}, {}, {}, itertools.count()
ACCOUNT = "Basic " + base64.b64encode(b"me:secret-of-me").decode()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    def registry_auth(self, path):
        query = parse_qs(self.body.decode()) if self.command == "POST" else self.queries
        if self.command == "POST":
            good = query.get("refresh_token") == ["secret-of-identity"] and query["grant_type"] == ["refresh_token"]
        else:
            good = self.headers.get("Authorization") == ACCOUNT
        if not good or query.get("service") != ["stand-in"]:
            return self.json({"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}, 401)
        scopes = "|".join(sorted(query.get("scope", [])))
        self.json({"token": "secret-token." + base64.urlsafe_b64encode(scopes.encode()).decode(), "expires_in": 60})

    def refused(self, repo):
        """Whether it was answered with a challenge."""
        try:
            with open(os.path.join(self.root, "registry")) as f:
                kind = f.read().strip()
        except FileNotFoundError:
            return False
        sent = self.headers.get("Authorization", "")
        if kind == "basic":
            good, challenge = sent == ACCOUNT, 'Basic realm="stand-in"'
        else:
            rights = "pull" if self.command in ("GET", "HEAD") else "pull,push"
            scope = f"repository:{repo}:{rights}" if repo else ""
            token = sent.removeprefix("Bearer secret-token.")
            have = base64.urlsafe_b64decode(token).decode().split("|") if token != sent else []
            good = token != sent and (not repo or any(s.startswith(f"repository:{repo}:") and
                                                      rights in s for s in have))
            realm = kind.partition(" ")[2] or f"http://{self.headers['Host']}/registry-auth"
            challenge = f'Bearer realm="{realm}",service="stand-in"' + (f',scope="{scope}"' if scope else "")
        if not good:
            self.reply(401, '{"errors":[{"code":"UNAUTHORIZED","message":"log in first"}]}',
                       [("WWW-Authenticate", challenge)])
        return not good

    def unknown(self, what):
        self.json({"errors": [{"code": what + "_UNKNOWN", "message": "it is not here"}]}, 404)

    def registry(self, path):
        if path == "/v2/":
            return self.refused("") or self.json({})
        repo, kind, rest = re.fullmatch(r"/v2/(.+)/(blobs|manifests|tags|referrers)/(.*)", path).groups()
        if repo.endswith("/blobs"):
            repo, kind, rest = repo[:-6], "blobs", "uploads/" + rest
        if self.refused(repo):
            return None
        if kind == "tags":
            names = sorted(t for r, t in tags if r == repo)
            last, n = self.query.get("last", ""), 2
            page = [t for t in names if t > last][:n]
            more = page and page[-1] != names[-1]
            link = [("Link", f'</v2/{repo}/tags/list?n={n}&last={page[-1]}>; rel="next"')] if more else []
            return self.json({"name": repo, "tags": page}, 200, link)
        if kind == "blobs":
            return self.uploading(repo, rest[8:]) if rest.startswith("uploads/") else self.blob(repo, rest)
        return self.manifest(repo, rest) if kind == "manifests" else self.unknown("PAGE")

    def blob(self, repo, digest):
        if (repo, digest) not in blobs:
            return self.unknown("BLOB")
        self.send_key(blobs[repo, digest])

    def uploading(self, repo, name):
        if self.command == "POST":
            other = (self.query.get("from"), self.query.get("mount"))
            if other in blobs:
                blobs[repo, other[1]] = blobs[other]
                return self.reply(201)
            name = f"u{next(numbers)}"
            uploads[name] = b""
        if name not in uploads:
            return self.unknown("BLOB_UPLOAD")
        if self.command == "PATCH":
            start = int(self.headers["Content-Range"].partition("-")[0])
            if start != len(uploads[name]):
                return self.reply(416)
            half = self.fault in ("half", "hold")
            uploads[name] += self.body[:len(self.body) // 2] if half else self.body
            if self.fault == "hold":
                self.fault = "stall"
                return self.reply(202, b"xx")
            if half:
                return self.cut(True)
        if self.command == "PUT":
            data, digest = uploads.pop(name) + self.body, self.query["digest"]
            if digest_of(data) != digest:
                return self.json({"errors": [{"code": "DIGEST_INVALID", "message": "other bytes"}]}, 400)
            blobs[repo, digest] = data
            return self.reply(201)
        have = len(uploads[name])
        self.reply(204 if self.command == "GET" else 202,
                   headers=[("Location", f"/v2/{repo}/blobs/uploads/{name}?state=x"), ("Range", f"0-{max(have, 1) - 1}")])

    def manifest(self, repo, ref):
        if self.command == "PUT":
            named = json.loads(self.body)
            for part in named.get("layers", []) + [named["config"]] if "config" in named else []:
                if (repo, part["digest"]) not in blobs:
                    return self.unknown("MANIFEST_BLOB")
            digest = digest_of(self.body)
            manifests[repo, digest] = (self.headers["Content-Type"], self.body)
            if not ref.startswith("sha256:"):
                tags[repo, ref] = digest
            return self.reply(201, headers=[("Docker-Content-Digest", digest)])
        digest = tags.get((repo, ref), ref)
        if (repo, digest) not in manifests:
            return self.unknown("MANIFEST")
        kind, data = manifests[repo, digest]
        self.reply(200, data, [("Content-Type", kind), ("Docker-Content-Digest", digest)])
