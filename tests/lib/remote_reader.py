"""An independent reader of remotes with blocks, from mlops-remote(5) alone.

remote_reader.py FOLDER [SHA256]: checks all of a folder remote, or writes one object to standard output.
"""
import hashlib
import os
import struct
import subprocess
import sys

root = sys.argv[1]
SELF = 0xFFFFFFFF
blocks = {}


def fail(what):
    sys.exit(f"remote_reader: {what}")


def read(key):
    with open(os.path.join(root, key), "rb") as f:
        return f.read()


def block(name):
    if name not in blocks:
        data = read(f"blocks/{name[:2]}/{name[2:]}")
        if hashlib.sha256(data).hexdigest() != name:
            fail(f"block {name} is damaged")
        if data[:8] != b"MLPK\1\0\0\0":
            fail(f"block {name} does not begin as one")
        blocks[name] = data
    return blocks[name]


def piece(name, place):
    _, offset, stored, raw = place
    header = block(name)[offset:offset + 56]
    data = block(name)[offset + 56:offset + 56 + stored]
    if struct.unpack_from("<QQB", header, 32) != (raw, stored, 1 if stored < raw else 0) or header[49:] != bytes(7):
        fail(f"a piece of {name} is not where its place says")
    if stored < raw:
        data = subprocess.run(["zstd", "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    if len(data) != raw or hashlib.sha256(data).digest() != header[:32]:
        fail(f"a piece of {name} is damaged")
    return data


def entry(data, at):
    sha, size = struct.unpack_from("<32sQ", data, at)
    return sha, size, struct.unpack_from("<4I", data, at + 40)


def table(data, at, n):
    return [(data[at + i * 40:at + i * 40 + 32].hex(), struct.unpack_from("<Q", data, at + i * 40 + 32)[0])
            for i in range(n)]


def parts(name, data, size):
    """The bytes of what a list in the block `name` is of."""
    magic, version, kind, n_blocks, n, zero = struct.unpack_from("<4s5I", data)
    if (magic, version, zero) != (b"MLCL", 1, 0) or kind not in (1, 2) or len(data) != 64 + n_blocks * 40 + n * 56:
        fail("a list does not begin as one")
    names = table(data, 64, n_blocks)
    out = b""
    for i in range(n):
        sha, part_size, place = entry(data, 64 + n_blocks * 40 + i * 56)
        where = name if place[0] == SELF else names[place[0]][0]
        part = piece(where, place)
        if kind == 2:
            part = parts(where, part, part_size)
        elif hashlib.sha256(part).digest() != sha:
            fail("another chunk is in its place")
        if len(part) != part_size:
            fail("a part has another size")
        out += part
    return out


def read_index(name):
    data = read(f"index/{name}")
    if hashlib.sha256(data).hexdigest() != name:
        fail(f"index {name} is damaged")
    magic, version, n_objects, n_blocks, n_lists, n_hooks, _ = struct.unpack_from("<4sIQ4I", data)
    if (magic, version) != (b"MLRI", 1):
        fail(f"index {name} does not begin as one")
    if len(data) != 32 + n_blocks * 40 + n_objects * 56 + n_lists * 16 + n_hooks * 12:
        fail(f"index {name} has another size than it counts")
    names = table(data, 32, n_blocks)
    for block_name, size in names:
        if len(block(block_name)) != size:
            fail(f"block {block_name} has another size")
    at = 32 + n_blocks * 40
    objects = [entry(data, at + i * 56) for i in range(n_objects)]
    if [o[0] for o in objects] != sorted({o[0] for o in objects}):
        fail(f"index {name} is not sorted")
    at += n_objects * 56
    places = [struct.unpack_from("<4I", data, at + i * 16) for i in range(n_lists)]
    at += n_lists * 16
    hooks = [struct.unpack_from("<QI", data, at + i * 12) for i in range(n_hooks)]
    if hooks != sorted(hooks) or any(h[1] >= n_lists for h in hooks):
        fail(f"the hooks of index {name} are not in order")
    for prefix, number in hooks:
        found = piece(names[places[number][0]][0], places[number])
        if found.find(struct.pack("<Q", prefix)) < 64:
            fail("a hook leads to a list that it is not in")
    return {sha.hex(): (names[place[0]][0], place, size) for sha, size, place in objects}


def load(where):
    name, place, size = where
    data = piece(name, place)
    return data if size == place[3] else parts(name, data, size)


if read("mlops-remote") != b"version 2\n":
    fail("another version")
found = {}
for name in sorted(os.listdir(os.path.join(root, "index"))):
    found.update(read_index(name))
if len(sys.argv) > 2:
    sys.stdout.buffer.write(load(found[sys.argv[2]]))
    sys.exit()
for sha, where in found.items():
    if hashlib.sha256(load(where)).hexdigest() != sha:
        fail(f"object {sha} is damaged")
print(len(found), "objects in", len(blocks), "blocks")
