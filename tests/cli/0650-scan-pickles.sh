# Pickles that run code when they are loaded, in all the ways known, and ordinary ones. The bytes
# are put together by hand: nothing here is ever loaded.
. "$(dirname "$0")/../lib/tap.sh"

python3 -I - <<'PY' || exit 1
import bz2, gzip, io, lzma, os, pickle, struct, zipfile, zlib

os.makedirs("bad"), os.makedirs("good")


def bad(name, data):
    with open("bad/" + name, "wb") as f:
        f.write(data)


def short(s):
    return b"\x8c" + bytes([len(s)]) + s


def reduce(module, name, arg=b"id"):
    """Protocol 4: the global by its strings, one argument, a call."""
    return b"\x80\x04" + short(module) + short(name) + b"\x93" + short(arg) + b"\x85R."


evil0 = b"cos\nsystem\n(S'id'\ntR."
for module, name in [
        ("os", "system"), ("posix", "system"), ("subprocess", "Popen"), ("builtins", "eval"),
        ("builtins", "getattr"), ("importlib", "import_module"), ("marshal", "loads"),
        ("mailcap", "findmatch"), ("pkgutil", "resolve_name"), ("runpy", "run_path"),
        ("vendor_package.utils", "launch"), ("numpy", "load"), ("numpy.testing._private.utils", "runstring"),
        ("torch.hub", "load"), ("sklearn.utils._testing", "check_output"), ("sklearn.svm", "os.system"),
        ("timeit", "timeit"), ("operator", "attrgetter"), ("asyncio.unix_events", "_UnixSubprocessTransport._start")]:
    bad(f"{module}.{name}.pkl", reduce(module.encode(), name.encode()))

bad("global.pkl", b"cos\nsystem\n(S'id'\ntR.")
bad("inst.pkl", b"(S'id'\nios\nsystem\n.")
bad("obj.pkl", b"(cos\nsystem\nS'id'\no.")
bad("newobj.pkl", b"\x80\x02csubprocess\nPopen\nX\x02\x00\x00\x00id\x85\x81.")
bad("newobj_ex.pkl", b"\x80\x04" + short(b"subprocess") + short(b"Popen") + b"\x93" + short(b"id") + b"\x85}\x92.")
bad("python2.pkl", b"c__builtin__\neval\n(S'1'\ntR.")
# The strings of the global come out of the memo, by escapes, by another protocol's opcodes.
bad("memo.pkl", b"\x80\x04" + short(b"os") + b"\x94" + short(b"system") + b"\x940" + b"0h\x00h\x01\x93" + short(b"id") + b"\x85R.")
bad("put.pkl", b"\x80\x04X\x02\x00\x00\x00osr\x00\x00\x01\x000X\x06\x00\x00\x00systemq\x070j\x00\x00\x01\x00h\x07\x93)R.")
bad("escapes.pkl", b"S'\\x6f\\163'\nS\"sys\\x74em\"\n\x93(S'id'\ntR.")
bad("unicode.pkl", b"V\\u006fs\nVs\\u0079stem\n\x93(S'id'\ntR.")
bad("dup.pkl", b"\x80\x04" + short(b"os") + b"20" + short(b"system") + b"\x93)R.")
bad("binstring.pkl", b"U\x02osT\x06\x00\x00\x00system\x93)R.")
bad("binunicode8.pkl", b"\x80\x04\x8d" + struct.pack("<Q", 2) + b"os\x8d" + struct.pack("<Q", 6) + b"system\x93)R.")
bad("frames.pkl", b"\x80\x04\x95\x01\x00\x00\x00\x00\x00\x00\x00" + reduce(b"os", b"system")[2:])
# Its name is the result of a call, or too long to be followed.
bad("computed.pkl", b"\x80\x04cbuiltins\nstr\nC\x02os" + short(b"utf8") + b"\x86R" + short(b"x") + b"\x93)R.")
bad("long.pkl", b"\x80\x04X" + struct.pack("<I", 400) + b"a" * 400 + short(b"x") + b"\x93)R.")
bad("extension.pkl", b"\x80\x02\x82\x01)R.")
bad("call.pkl", b"\x80\x04ccollections\nOrderedDict\n)R)R.")
bad("patch.pkl", b"\x80\x04ccollections\nOrderedDict\n}" + short(b"keys") + b"Nsb.")
bad("setitem.pkl", b"\x80\x04ccollections\nOrderedDict\n" + short(b"k") + b"Ns.")
# A second pickle behind the first, a broken end, a stack that fails after the deed.
bad("second.pkl", pickle.dumps([1, 2]) + reduce(b"os", b"system"))
bad("second0.pkl", pickle.dumps([1, 2], 0) + b"cos\nsystem\n(S'id'\ntR.")
bad("broken.pkl", reduce(b"os", b"system")[:-1] + b"\xff\xff")
bad("truncated.pkl", reduce(b"os", b"system")[:-2])
bad("crowd.pkl", b"Pid\n" * 2000 + evil0)
bad("underflow.pkl", reduce(b"os", b"system")[:-1] + b"000000.")
# Behind a wrapper of joblib, pickle.load() takes the bytes of the array for opcodes, joblib does not.
wrapper = (b"\x80\x04" + short(b"joblib.numpy_pickle") + short(b"NumpyArrayWrapper") + b"\x93)\x81}(" +
           short(b"subclass") + b"cnumpy\nndarray\n" + short(b"shape") + b"K@\x85" +
           short(b"order") + short(b"C") + short(b"dtype") + b"cnumpy\ndtype\n" + short(b"u1") + b"\x89\x88\x87R" +
           short(b"allow_mmap") + b"\x88" + b"ub")
bad("array.joblib", wrapper + (b"cos\nsystem\n(S'id'\ntR.").ljust(64, b"\0") + b".")
bad("behind-array.joblib", wrapper + bytes(64) + b"cos\nsystem\n(S'id'\ntR.")

# Names that say nothing, or something else.
bad("protocol0.bin", b"cos\nsystem\n(S'id'\ntR.")
bad("notes.txt", b"cos\nsystem\n(S'id'\ntR.")
bad("weights.dat", reduce(b"os", b"system"))
# Packed.
evil = reduce(b"os", b"system")
bad("zlib.joblib", zlib.compress(evil))
bad("gzip.pkl", gzip.compress(evil))
bad("bz2.joblib", bz2.compress(evil))
bad("xz.joblib", lzma.compress(evil))
bad("lzma.joblib", lzma.compress(evil, lzma.FORMAT_ALONE))
bad("twice.gz", gzip.compress(gzip.compress(evil)))
bad("members.gz", gzip.compress(pickle.dumps(1)) + gzip.compress(evil))

header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + evil
bad("object.npy", npy)


def zipped(name, members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for member, data in members:
            z.writestr(member, data)
    bad(name, out.getvalue())
    return out.getvalue()


zipped("object.npz", [("a.npy", npy)], zipfile.ZIP_DEFLATED)
zipped("bzip2.npz", [("a.npy", npy)], zipfile.ZIP_BZIP2)
zipped("lzma.npz", [("a.npy", npy)], zipfile.ZIP_LZMA)
zipped("model.pt", [("archive/data.pkl", evil), ("archive/data/0", bytes(64))])
zipped("foreign.pt", [("archive/data.pkl", pickle.dumps({})), ("archive/payload.png", evil)])
inner = zipped("inner.zip", [("x/data.pkl", evil)], zipfile.ZIP_DEFLATED)
zipped("nested.zip", [("inner.zip", inner)], zipfile.ZIP_DEFLATED)
crc = bytearray(zipped("crc.pt", [("archive/data.pkl", evil)]))
at = crc.index(b"PK\1\2")
crc[at + 16] ^= 0xff
crc[14] ^= 0xff
bad("crc.pt", bytes(crc))
bad("prefix.zip", b"#!/bin/sh\n" + inner)

# What ordinary programs write.
import collections, datetime, decimal, fractions, pathlib, uuid
ordinary = {"a": [1, 2.5, None, True, "text", b"bytes", 10**40], "d": datetime.datetime(2020, 1, 1),
            "o": collections.OrderedDict(a=1), "c": collections.Counter("abc"), "u": uuid.UUID(int=7),
            "s": {1, 2}, "f": frozenset([3]), "n": decimal.Decimal("1.5"), "q": fractions.Fraction(1, 3),
            "long": "x" * 100000, "many": list(range(10000)), "dd": collections.defaultdict(list, a=[1]),
            "same": ["os", "system"], "z": complex(1, 2), "ba": bytearray(b"abc"), "r": range(3)}
for protocol in range(6):
    with open(f"good/ordinary{protocol}.pkl", "wb") as f:
        pickle.dump(ordinary, f, protocol)
with open("good/several.pkl", "wb") as f:
    for i in range(5):
        pickle.dump({i: "x"}, f)
open("good/config.txt", "w").write("config\nfoo\n(a list\n.\n")
open("good/c.txt", "w").write("cat\ndog\n.")
open("good/random.bin", "wb").write(bytes((i * 7919 >> 3) & 255 for i in range(100000)))
open("good/proto.bin", "wb").write(b"\x80\x02" + bytes((i * 104729 >> 5) & 255 for i in range(100000)))
PY

total=0 missed=
for file in bad/*; do
	total=$((total + 1))
	mlops scan "$file" >"$out" 2>"$err" && missed="$missed $file"
	[ $? -le 3 ] || missed="$missed $file(crash)"
done
is "$missed" "" "every hostile file is reported"
[ "$total" -ge 60 ]
tap_point $? "there are $total of them"

run mlops scan good --json
rc_is 0 "ordinary files are fine"
json_is 'd["findings"]' "[]" "without any finding"
schema_ok scan.json

run mlops scan bad/os.system.pkl --json
rc_is 3 "a finding of high severity exits 3"
schema_ok scan.json
json_is '[f["rule"] for f in d["findings"]]' '["pickle-dangerous-import"]' "its rule"
json_is 'd["findings"][0]["severity"]' critical "and severity"
json_is 'd["findings"][0]["offset"]' 14 "and where the opcode stands"
like "$out" 'STACK_GLOBAL imports os.system' "and what it imports"

run mlops scan bad/vendor_package.utils.launch.pkl --json
json_is 'd["findings"][0]["severity"]' high "an unknown name is high, not critical"
run mlops scan --fail-on critical bad/vendor_package.utils.launch.pkl
rc_is 0 "--fail-on sets what fails"
run mlops scan --fail-on nonsense bad
rc_is 2 "and takes four words only"

for pair in memo:dangerous escapes:dangerous unicode:dangerous put:dangerous inst:dangerous obj:dangerous \
	dup:dangerous second:dangerous broken:dangerous computed:hidden long:hidden extension:extension \
	call:computed patch:patch setitem:patch; do
	run mlops scan "bad/${pair%:*}.pkl" --json
	json_is "any(f['rule'].startswith('pickle-${pair#*:}') for f in d['findings'])" true "${pair%:*} is ${pair#*:}"
done

run mlops scan bad/nested.zip --json
json_is 'd["findings"][0]["member"]' 'inner.zip!x/data.pkl' "a nested member is named"
run mlops scan bad/foreign.pt --json
json_is 'd["findings"][0]["member"]' archive/payload.png "a member is scanned whatever it is called"
run mlops scan bad/crc.pt --json
json_is 'd["findings"][0]["member"]' archive/data.pkl "also with a wrong checksum"

run mlops scan nothing-here
rc_is 1 "a path that is not there is an error"
like "$err" "cannot scan 'nothing-here'" "that names it"

done_testing
