"""hostile.py CASE: puts into .mlops/store/loose trees that no one should believe, and writes evil.mlops for them."""
import hashlib
import os
import sys

HEAD = b"mlops-tree 1\n"


def put(data):
    name = hashlib.sha256(data).hexdigest()
    folder = f".mlops/store/loose/{name[:2]}"
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/{name[2:]}"):
        with open(f"{folder}/{name[2:]}", "wb") as f:
            f.write(data)
    return name


FILE = put(b"evil\n")


def entry(name, kind=b"f", oid=FILE, size=b"5", files=b"1"):
    return b" ".join([kind, oid.encode(), size, files, name]) + b"\n"


def chain(depth):
    """A folder in a folder in a folder..."""
    tree = put(HEAD + entry(b"f"))
    for _ in range(depth):
        tree = put(HEAD + entry(b"d", b"d", tree))
    return tree


def bomb(levels, width):
    """Few trees that make up width ** levels paths, and say so."""
    tree, files = put(HEAD + entry(b"f")), 1
    for _ in range(levels):
        claim = str(5 * files).encode(), str(files).encode()
        tree = put(HEAD + b"".join(entry(b"d%02d" % i, b"d", tree, *claim) for i in range(width)))
        files *= width
    return tree, 5 * files, files


def lie():
    """An entry that makes a folder of one file out to be nothing."""
    return put(HEAD + entry(b"d", b"d", put(HEAD + entry(b"f")), b"0", b"0"))


BAD = {
    "parent": entry(b"../outside"), "absolute": entry(b"/outside"), "slash": entry(b"a/b"), "dot": entry(b"."),
    "dotdot": entry(b".."), "git": entry(b".git", b"d", put(HEAD)), "GIT": entry(b".GiT"), "empty": entry(b""),
    "escaped-slash": entry(b"%2fx"), "escaped-dots": entry(b"%2e%2e"), "nul": entry(b"a%00b"), "raw-nul": entry(b"a\0b"),
    "long": entry(b"x" * 256), "twice": entry(b"a") + entry(b"a"), "unsorted": entry(b"b") + entry(b"a"),
    "kind": entry(b"a", b"z"), "oid": entry(b"a", oid=FILE.upper()), "short-oid": entry(b"a", oid=FILE[1:]),
    "zeros": entry(b"a", size=b"05"), "sign": entry(b"a", size=b"-5"), "huge": entry(b"a", size=b"18446744073709551616"),
    "sum": entry(b"a", size=b"18446744073709551615") + entry(b"b"), "files": entry(b"a", files=b"2"),
    "no-newline": entry(b"a")[:-1], "garbage": b"\xff" * 1000,
    "link-then-below": entry(b"a", b"l", put(b"..")) + entry(b"a/b"),
}


def main(case):
    size, files = 5, 1
    if case in BAD:
        tree = put(HEAD + BAD[case])
    elif case == "version":
        tree = put(b"mlops-tree 2\n" + entry(b"a"))
    elif case == "header":
        tree = put(entry(b"a"))
    elif case == "deep":
        tree = chain(10000)
    elif case == "bomb":
        tree, size, files = bomb(8, 100)
    elif case == "overflow":
        tree, size, files = bomb(9, 100)[0], 5, 1
    elif case == "lie":
        tree, size, files = lie(), 0, 0
    else:
        tree = FILE
    with open("evil.mlops", "w") as f:
        f.write(f"mlops: 1\npath: evil\nkind: tree\noid: sha256:{tree}\nsize: {size}\nfiles: {files}\n")


if sys.argv[1] == "list":
    print(*BAD, "version", "header", "deep", "file")
else:
    main(sys.argv[1])
