"""Includes look downwards only, through a part's own header, and each library has one wrapper."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import ROOT, check, done, files, read

# From the bottom up; a part includes what is on a lower line.
LAYERS = [["base"], ["fmt", "crypto"], ["git", "db", "http", "cli"], ["project"], ["store"], ["remote"], ["lfs"],
          ["tracking"], ["registry"], ["pipeline"], ["monitor"], ["deploy"], ["serve"], ["cmd"]]
RANK = {part: i for i, parts in enumerate(LAYERS) for part in parts}
# Headers that a part shows to those above it, beyond <part>/<part>.h and what all of base and fmt are.
SHOWN = {
    "http": {"client.h", "docker.h", "engine.h", "h2.h", "kube.h", "kube_status.h", "listen.h", "message.h", "route.h", "server.h"},
    "crypto": {"hash.h", "key.h", "mac.h", "md5.h", "rsa.h", "sealed.h", "sha1.h", "signer.h"},
    "db": {"audit.h", "shared.h"},
    "project": {"key.h"},
    "remote": {"lfs.h", "oci.h"},
    "registry": {"record.h"},
    "tracking": {"artifact.h", "assessment.h", "kind.h", "otlp.h", "point.h", "record.h", "trace.h"},
    "store": {"dvc.h", "gear.h", "origin.h", "pack.h", "tree.h", "tree_edit.h"},
}
OPEN = {"base", "fmt"}
WRAPPERS = {"git2": "git", "sqlite3": "db", "curl": "http", "microhttpd": "http", "nghttp2": "http", "openssl": "crypto",
            "jansson": "fmt", "expat": "fmt", "yaml": "fmt", "libsmartcols": "cli", "xxhash": "base"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def part_of(path):
    return "cmd" if path.startswith("cmd/") else path.split("/")[1]


def owners():
    """Which part implements each public header, told by where its functions are defined."""
    defined = {}
    for path in files(".c"):
        if path.startswith("lib/"):
            for name in re.findall(r"^[a-z][^;=(){}]*?\b\**(mlops_\w+)\(", read(path), re.M):
                defined[name] = part_of(path)
    owner = {}
    for path in glob.glob(f"{ROOT}/include/mlops/*.h"):
        name = os.path.relpath(path, f"{ROOT}/include")
        parts = {defined[f] for f in re.findall(r"\b(mlops_\w+)\(", read("include/" + name)) if f in defined}
        owner[name] = max(parts, key=RANK.get, default="base")
    return owner


def fault(path, part, quote, target, owner):
    head = target.split("/")[0].removesuffix(".h")
    if quote == "<":
        wrapper = WRAPPERS.get(head)
        return f"<{target}> belongs to lib/{wrapper}" if wrapper and wrapper != part else None
    if "/" not in target:
        return None if part == "cmd" else f'"{target}" has no part in its name'
    if head == "mlops":
        if target in owner and RANK[owner[target]] > RANK[part]:
            return f"{target} is of {owner[target]}, which is above {part}"
        return None
    if head == "gen":
        name = os.path.basename(target).removesuffix("_lazy.h")
        return None if glob.glob(f"{ROOT}/lib/{part}/{name}.lazy") else f"{target} is not of {part}"
    if head == part:
        return None
    if part == "cmd":
        return None if head in ("base", "fmt", "cli") else f"cmd includes {target}"
    if RANK.get(head, 99) >= RANK[part]:
        return f"{target} is not below {part}"
    if head in OPEN or target == f"{head}/{head}.h" or os.path.basename(target) in SHOWN.get(head, ()):
        return None
    return f"{target} is private to {head}"


owner = owners()
by_part = {}
for path in files(".c", ".h"):
    if not path.startswith(("lib/", "cmd/")):
        continue
    part = part_of(path)
    for quote, target in INCLUDE.findall(read(path)):
        found = fault(path, part, quote, target, owner)
        by_part.setdefault(part, [])
        if found:
            by_part[part].append(f"{path}: {found}")
check("every part has its place in the layers", [f"lib/{p} has none" for p in by_part if p not in RANK])
for part, faults in sorted(by_part.items()):
    check(f"{part}: includes", faults)
done()
