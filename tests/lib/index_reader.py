"""index_reader.py: what .mlops/index tells, by mlops-index(5) alone: checked against the files, one entry a line."""
import ctypes
import ctypes.util
import hashlib
import os
import stat
import struct


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash"))
xxhash.XXH3_64bits.restype, xxhash.XXH3_128bits.restype = ctypes.c_uint64, Hash128
xxhash.XXH3_64bits.argtypes = xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def kind_of(st):
    if stat.S_ISLNK(st.st_mode):
        return "l"
    return "x" if st.st_mode & 0o111 else "f"


def content(path):
    return os.readlink(path) if os.path.islink(path) else open(path, "rb").read()


def tree_of(folder):
    """The text of a tree of files and symlinks, by mlops-tree(5)."""
    text = b"mlops-tree 1\n"
    for name in sorted(os.listdir(folder)):
        path = folder + b"/" + name
        data, kind = content(path), kind_of(os.lstat(path))
        text += f"{kind} {hashlib.sha256(data).hexdigest()} {len(data)} 1 ".encode() + name + b"\n"
    return text


data = open(".mlops/index", "rb").read()
magic, version, count, size = struct.unpack_from("<4sIQQ", data)
assert (magic, version) == (b"MLIX", 1) and len(data) == 24 + 96 * count + size + 8
assert struct.unpack("<Q", data[-8:])[0] == xxhash.XXH3_64bits(data[:-8], len(data) - 8)
paths = data[24 + 96 * count:-8]
last = b""
for i in range(count):
    start, length, kind, racy, size, mtime, ctime, inode, oid, xxh3 = struct.unpack_from(
        "<QIcB2xQqqQ32s16s", data, 24 + 96 * i)
    path, kind = paths[start:start + length], kind.decode()
    assert last < path and racy in (0, 1)
    last = path
    if kind == "d":
        text = tree_of(path)
        print128 = xxhash.XXH3_128bits(text, len(text))
        assert (print128.high, print128.low) == struct.unpack(">QQ", xxh3)
        assert hashlib.sha256(text).digest() == oid
    else:
        st = os.lstat(path)
        assert (kind, size, mtime, ctime, inode) == (
            kind_of(st), st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_ino)
        assert hashlib.sha256(content(path)).digest() == oid
    print(kind, racy, path.decode("latin-1"))
