# Files that lie about lengths, counts and offsets, or end early: refused at once, by field and offset.
. "$(dirname "$0")/../lib/tap.sh"

PYTHONPATH="$tap_src/tests/lib" python3 -S - <<'PY' || exit 1
import os, struct
import models
from models import FILES, field, gguf, safetensors, varint, zipped

os.makedirs("bad")


def bad(name, data):
    open("bad/" + name, "wb").write(data)


def tensor(dtype="F32", shape=(1,), span=(0, 4), data=4):
    return safetensors({"t": {"dtype": dtype, "shape": list(shape), "data_offsets": list(span)}}, bytes(data))


Q = struct.Struct("<Q").pack
bad("length.safetensors", Q(1 << 62) + b"{}" + bytes(20))
bad("offsets.safetensors", tensor(span=(0, 1 << 40)))
bad("size.safetensors", tensor(shape=(5,)))
bad("overflow.safetensors", tensor(shape=(1 << 33, 1 << 33)))
bad("negative.safetensors", tensor(shape=(-1,)))
bad("dtype.safetensors", tensor(dtype="F33"))
bad("hole.safetensors", tensor(span=(4, 8), data=8))
bad("rest.safetensors", tensor(data=8))
bad("nested.safetensors", Q(100000) + b"{" + b'"a":{' * 20000 + bytes(100))
bad("twice.safetensors", Q(104) + b'{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}')
good = gguf()
bad("tensors.gguf", good[:8] + Q(1 << 60) + good[16:])
bad("pairs.gguf", good[:16] + Q(1 << 60) + good[24:])
bad("version.gguf", b"GGUF" + struct.pack("<I", 9) + good[8:])
bad("key.gguf", good[:24] + Q(1 << 63) + good[32:])
array = b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a"
bad("array.gguf", array + struct.pack("<IIQ", 9, 4, 1 << 62))
bad("nest.gguf", array + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 1000)
bad("data.gguf", good[:-40])
bad("length.onnx", field(1, 8) + varint(7 << 3 | 2) + varint(1 << 60))
bad("varint.onnx", field(1, 8) + b"\x38" + b"\xff" * 20)
bad("dims.onnx", field(1, 8) + field(7, field(5, field(1, 1 << 40) * 2 + field(2, 1) + field(8, "w"))))
bad("bytes.pkl", b"\x80\x04\x8e" + Q(1 << 62) + b"abc.")
bad("memo.pkl", b"\x80\x04h\x07.")
bad("opcode.pkl", b"\x80\x04\xff.")
bad("mark.pkl", b"\x80\x04t.")
bad("array.joblib", models.joblib().replace(b"K\x02K\x02\x86", b"\x8a\x08" + Q((1 << 63) - 1) + b"K\x02\x86"))
bad("inner.joblib", models.joblib().replace(b"f8", b"O8").replace(b"\x03\xff\xff\xff" + bytes(32), b"") * 40)
zip_ = FILES["torch.pt"]
end = zip_.rindex(b"PK\5\6")
bad("count.pt", zip_[:end + 10] + b"\xff\xfe" + zip_[end + 12:])
bad("directory.pt", zip_[:end + 12] + b"\xff\xff\xff\x7f" + zip_[end + 16:])
bad("offset.pt", zip_[:end + 16] + b"\xff\xff\xff\x7f" + zip_[end + 20:])
bad("end.h5", FILES["hdf5.h5"][:60])
bad("version.h5", FILES["hdf5.h5"][:8] + b"\x09" + FILES["hdf5.h5"][9:])
bad("shape.npy", models.npy(shape=(1 << 40, 1 << 40)))
bad("short.npy", models.npy(shape=(200, 300)))
bad("nested.ubj", b'{L' + struct.pack(">q", 7) + b"learner" + b"[" * 100000)
bad("count.ubj", b'{L' + struct.pack(">q", 7) + b"learner" + b"[$d#L" + struct.pack(">q", (1 << 62) + 1) + bytes(50))
bad("nested.json", b'{"learner":' + b"[" * 100000)
# And each good file cut off at many places: none may crash, hang or pass for whole unless it is.
os.makedirs("cut")
for name, data in FILES.items():
    for n in sorted({len(data) * i // 40 for i in range(1, 40)}):
        open(f"cut/{n}-{name}", "wb").write(data[:n])
PY

crashed='' passed=''
for file in bad/*; do
	timeout 10 mlops model inspect "$file" >"$out" 2>"$err"
	case $? in
	0) passed="$passed $file" ;;
	1) grep -q "^mlops: " "$err" || crashed="$crashed $file" ;;
	*) crashed="$crashed $file" ;;
	esac
done
is "$passed" "" "each lying file is refused"
is "$crashed" "" "with an error"

crashed=''
for file in cut/*; do
	timeout 10 mlops model inspect "$file" >"$out" 2>"$err"
	[ $? -le 1 ] || crashed="$crashed $file"
	timeout 10 mlops scan "$file" >"$out" 2>"$err"
	[ $? -le 3 ] || crashed="$crashed $file"
done
is "$crashed" "" "files that end early are no crash"

# field FILE REGEX
field() {
	run mlops model inspect "bad/$1"
	like "$err" "$2" "$1: names field and offset"
}
field length.safetensors 'header length at offset 8: 4611686018427387904 is more than'
field hole.safetensors "'t' starts at 4"
field twice.safetensors "'t' is there twice"
field tensors.gguf 'tensor count at offset 24: 1152921504606846976 tensors cannot fit'
field key.gguf 'key at offset 32: 9223372036854775808 bytes are announced'
field array.gguf 'array length at offset [0-9]+: 4611686018427387904 elements cannot fit'
field length.onnx 'model at offset [0-9]+: 1152921504606846976 bytes are announced'
field bytes.pkl 'BINBYTES8 at offset [0-9]+: 4611686018427387904 bytes are announced'
field array.joblib 'size of the array overflows'
field count.pt 'cannot list [0-9]+ members'
field end.h5 'end of file address at offset'


done_testing
