"""reader.py STORE POINTER DEST [KEYFILE]: writes what a pointer stands for, by mlops-pointer(5), -tree(5), -pack(5)
and, for a sealed store, mlops-sealed(5) alone."""
import ctypes
import ctypes.util
import glob
import hashlib
import os
import re
import struct
import sys

import unseal

zstd = ctypes.CDLL(ctypes.util.find_library("zstd"))
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
store, pointer, dest = sys.argv[1:4]
key = unseal.Key(sys.argv[4]) if len(sys.argv) > 4 else None
packed = {}  # name -> pack, offset
for path in glob.glob(f"{store}/packs/*.idx"):
    data = open(path, "rb").read()
    magic, version, size, count, _ = struct.unpack_from("<4sIQII", data)
    assert (magic, version) == (b"MLPI", 1) and size == os.path.getsize(path[:-3] + "pack")
    assert hashlib.sha256(data[:-32]).digest() == data[-32:] == bytes.fromhex(os.path.basename(path)[:-4])
    for i in range(count):
        name, offset = struct.unpack_from("<32sQ", data, 1048 + 64 * i)
        packed[name.hex()] = path[:-3] + "pack", offset


def get(oid):
    name = key.name(oid) if key else oid
    if name in packed:
        with open(packed[name][0], "rb") as f:
            f.seek(packed[name][1])
            _, raw, stored, codec = struct.unpack("<32sQQB7x", f.read(56))
            data = f.read(stored)
        if codec == 1:
            buf = ctypes.create_string_buffer(raw + 1)
            assert zstd.ZSTD_decompress(buf, raw, data, stored) == raw
            data = buf.raw[:raw]
    else:
        data = open(f"{store}/{'sealed' if key else 'loose'}/{name[:2]}/{name[2:]}", "rb").read()
    if key:
        data = key.open(name, data)
    assert hashlib.sha256(data).hexdigest() == oid
    return data


def write(kind, oid, path):
    if kind == "d":
        os.mkdir(path)
        lines = get(oid).decode("latin-1").split("\n")
        assert lines[0] == "mlops-tree 1" and lines[-1] == ""
        for line in lines[1:-1]:
            kind, oid, _, _, name = line.split(" ", 4)
            name = re.sub("%(..)", lambda m: chr(int(m[1], 16)), name).encode("latin-1")
            write(kind, oid, path + b"/" + name)
    elif kind == "l":
        os.symlink(get(oid), path)
    else:
        with open(path, "wb") as f:
            f.write(get(oid))
        os.chmod(path, 0o755 if kind == "x" else 0o644)


keys = dict(line.split(": ", 1) for line in open(pointer).read().splitlines())
assert keys["mlops"] == "1"
kind = "d" if keys["kind"] == "tree" else "x" if keys.get("executable") == "true" else "f"
write(kind, keys["oid"].removeprefix("sha256:"), os.fsencode(dest))
