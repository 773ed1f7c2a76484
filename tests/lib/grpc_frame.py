"""Messages of the Open Inference Protocol over gRPC, by hand: grpc_frame.py NAME >frame, or `show FILE`."""
import struct
import sys


def varint(n):
    out = b""
    n &= (1 << 64) - 1
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def num(field, n):
    return varint(field << 3) + varint(n)


def data(field, b):
    b = b.encode() if isinstance(b, str) else b
    return varint(field << 3 | 2) + varint(len(b)) + b


def tensor(name, datatype, shape, contents=b""):
    return data(1, name) + data(2, datatype) + data(3, b"".join(map(varint, shape))) + (data(5, contents) if contents else b"")


def infer(*parts, model="wine"):
    return data(1, model) + data(3, "id-7") + b"".join(parts)


DOUBLES = struct.pack("<4d", 1, 2, 3, 4.5)
MESSAGES = {
    "empty": b"",
    "model": data(1, "wine"),
    "other": data(1, "other"),
    "typed": infer(data(5, tensor("x", "FP64", [2, 2], data(7, DOUBLES)))),
    "unpacked": infer(data(5, tensor("x", "INT64", [1, 2], num(3, -1) + num(3, 3)))),
    "raw": infer(data(5, tensor("x", "FP64", [2, 2])), data(7, DOUBLES)),
    "named": infer(data(5, tensor("a", "INT32", [2], data(2, varint(1) + varint(2)))),
                   data(5, tensor("b", "FP32", [2], data(6, struct.pack("<2f", 0.5, 1))))),
    "texts": infer(data(5, tensor("x", "BYTES", [1, 1], data(8, "text")))),
    "lies": infer(data(5, tensor("x", "FP64", [3, 2], data(7, DOUBLES)))),
    "short": infer(data(5, tensor("x", "FP64", [2, 2])), data(7, DOUBLES[:-1])),
    "cut": infer(data(5, tensor("x", "FP64", [2, 2], data(7, DOUBLES))))[:-3],
    "huge": infer(data(5, tensor("x", "FP64", [1 << 62, 1 << 62], data(7, DOUBLES)))),
    "none": data(1, "wine"),
    "rawless": infer(data(5, tensor("x", "FP64", [1])), data(5, tensor("y", "FP64", [1])), data(7, DOUBLES[:8])),
}


def fields(b):
    at = 0

    def take():
        nonlocal at
        n = shift = 0
        while True:
            byte = b[at]
            at += 1
            n |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return n
    while at < len(b):
        tag = take()
        if tag & 7 == 2:
            n = take()
            at += n
            yield tag >> 3, b[at - n:at]
        else:
            yield tag >> 3, take()


def show(frame):
    assert frame[0] == 0 and struct.unpack(">I", frame[1:5])[0] == len(frame) - 5, "the frame lies"
    print(*(f"{n}={v!r}" for n, v in fields(frame[5:])))


def main(name, *files):
    if name == "show":
        with open(files[0], "rb") as f:
            show(f.read())
    elif name == "squeezed":
        sys.stdout.buffer.write(b"\1" + struct.pack(">I", 3) + b"abc")
    else:
        sys.stdout.buffer.write(b"\0" + struct.pack(">I", len(MESSAGES[name])) + MESSAGES[name])


if __name__ == "__main__":
    main(*sys.argv[1:])
