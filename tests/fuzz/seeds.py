"""seeds.py DIR: makes the seeds of fuzz targets that are binary, or many of one kind."""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import grpc_frame
import models
import otlp_request
import scoring

HTTP = [
    b"GET /show/a%20b?q=%41 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n",
    b'POST /echo/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"rows":[1]}',
    b'POST /echo/m:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n1\r\n]\r\n0\r\n\r\n',
    b"PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"HEAD / HTTP/1.0\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n",
]
TRACE = "0123456789abcdef" * 2
JSON = [b"{}", b'[1,-2,0.1,1e300,true,false,null]', b'{"a":{"b":["\\u00e9\\n"]}}', b'"\\ud83d\\ude00"', b"7"]
ZSTD_X300 = bytes.fromhex("28b52ffd602c004d00001078780100272ac002")  # 300 times "x" in one frame
ROUTES = [b"/v1/objects/abc", b"/v1/models/wine:predict", b"/v2/models/a%2Fb/versions/3/infer", b"bytes=0-9",
          b"bytes=-5", b"bytes=990-", b"/%zz", b"/"]

REMOTES = [b"s3://bucket/a%20b", b"http://me@[::1]:80/x?y=1", b"[default]\nregion = x ; y\ns3 =\n  a = b\n",
           b"<L><Contents><Key>a&amp;b</Key><Size>1</Size></Contents></L>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
           b'{"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"2099-01-01T00:00:00Z"}', b"a/../b"]


def oid(i):
    return hashlib.sha256(bytes([i])).digest()


def frames():
    """As in mlops-remote(5): framed objects, a list of names, credentials."""
    bodies = [b"hello", b"", b"x" * 300]
    entries = [hashlib.sha256(b).digest() + struct.pack("<QQQ", len(b), len(b), 0) + b for b in bodies]
    names = "".join(oid(i).hex() + "\n" for i in range(3))
    return [b"MLPK" + struct.pack("<I", 1) + b"".join(entries), names.encode(), b"Basic YW5uOnNlY3JldA=="]


def trees():
    """As in mlops-tree(5), also such as must be refused."""
    h = [oid(i).hex() for i in range(3)]
    texts = ["", "".join(f"f {x} {i} 1 n{i}\n" for i, x in enumerate(h)),
             f"d {h[0]} 9 2 dir\nx {h[1]} 1 1 run\nl {h[2]} 3 1 z%0a\n", f"f {h[0]} 0 1 ..\n"]
    return [("mlops-tree 1\n" + text).encode() for text in texts]


def packs():
    """As in mlops-pack(5): an index and its pack, and a pack alone, of two entries."""
    pack, records = b"MLPK" + struct.pack("<I", 1), []
    for raw, stored in (b"hello", b"hello"), (b"x" * 300, ZSTD_X300):
        name = hashlib.sha256(raw).digest()
        sizes = struct.pack("<QQII", len(raw), len(stored), len(raw) != len(stored), 0)
        records.append(name + struct.pack("<Q", len(pack)) + sizes)
        pack += name + sizes + stored
    records.sort()
    fanout = b"".join(struct.pack("<I", sum(r[0] <= byte for r in records)) for byte in range(256))
    index = b"MLPI" + struct.pack("<IQII", 1, len(pack), len(records), 0) + fanout + b"".join(records)
    index += hashlib.sha256(index).digest()
    return [struct.pack("<H", len(index)) + index + pack, struct.pack("<H", 0) + pack]


def natives():
    """As in mlops-remote(5): an index, a list of chunks, marks, and a piece, each behind its number."""
    blocks = b"".join(oid(i) + struct.pack("<Q", 1 << 20) for i in range(2))
    placed = [oid(9 + i) + struct.pack("<QIIII", 900, i, 8 + 1000 * i, 800, 900) for i in range(2)]
    index = struct.pack("<4sIQIIII", b"MLRI", 1, 2, 2, 1, 1, 0) + blocks + b"".join(sorted(placed))
    index += struct.pack("<IIII", 1, 2000, 100, 300) + oid(9)[:8] + struct.pack("<I", 0)
    inner = oid(7) + struct.pack("<QIIII", 900, 0xffffffff, 5000, 900, 900)
    chunks = [struct.pack("<4sIIIIxxxx", b"MLCL", 1, kind, 2, 3) + oid(8) + struct.pack("<Q", 2700) + blocks
              + b"".join(placed) + inner for kind in (1, 2)]
    marks = f"mlops marks 1\nindex {oid(1).hex()}\nblock {oid(2).hex()}\n".encode()
    piece = oid(3) + struct.pack("<QQQ", 300, len(ZSTD_X300), 1) + ZSTD_X300
    return [b"\0" + index, *(b"\1" + c for c in chunks), b"\2" + marks, b"\3" + piece]


def indexes():
    """As in mlops-index(5), less the checksum."""
    paths = [b"a", b"data", b"data/new\nline", b"z" * 200]
    starts = [sum(map(len, paths[:i])) for i in range(len(paths))]
    records = [struct.pack("<QIcB2xQqqQ32s16s", at, len(path), kind, 0, 5, 1, 2, 3, oid(1), bytes(16))
               for at, path, kind in zip(starts, paths, (b"f", b"d", b"l", b"x"))]
    head = struct.pack("<4sIQQ", b"MLIX", 1, len(paths), sum(map(len, paths)))
    return [head + b"".join(records) + b"".join(paths), struct.pack("<4sIQQ", b"MLIX", 1, 0, 0)]


def formats():
    """Each model file to the target of its format, and all to the one that takes any."""
    targets = {"fuzz_scan": list(models.FILES.values())}
    for name, data in models.FILES.items():
        targets.setdefault("fuzz_" + name.split(".")[0], []).append(data)
    return targets


def scored():
    """Each behind the number of its reader."""
    kinds = {"json": b"\0", "ubj": b"\1", "txt": b"\2", "onnx": b"\3"}
    return [kinds[name.split(".")[1]] + data for name, data in scoring.FILES.items()]


def main(folder):
    for target, seeds in {"fuzz_http": HTTP, "fuzz_message": [b"\x05" + s for s in HTTP], "fuzz_oip_proto": list(grpc_frame.MESSAGES.values()), "fuzz_json": JSON, "fuzz_otlp": [otlp_request.proto(TRACE), otlp_request.as_json(TRACE)], "fuzz_remote": REMOTES, "fuzz_route": ROUTES, "fuzz_tree": trees(),
                          "fuzz_pack": packs(), "fuzz_index": indexes(), "fuzz_frame": frames(), "fuzz_native": natives(),
                          "fuzz_scoring": scored(),
                          **formats()}.items():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        for i, seed in enumerate(seeds):
            with open(os.path.join(folder, target, f"seed-{i}"), "wb") as f:
                f.write(seed)


main(sys.argv[1])
