"""otlp_request.py proto|json TRACE: a request as an OpenTelemetry exporter makes it, to the standard output.

Two spans of one trace (32 hex digits), from a service "shop"; field numbers are opentelemetry-proto's.
"""
import json
import struct
import sys

START = 1700000000_000000000
ROOT, CHILD = "00000000000000aa", "00000000000000bb"
SPANS = [
    {"id": ROOT, "parent": "", "name": "checkout", "start": START, "end": START + 2_000_000_000, "status": (1, ""),
     "attributes": {"mlflow.spanInputs": {"q": "\u00e9"}, "mlflow.spanOutputs": ["a", 1], "mlflow.spanType": "AGENT",
                    "mlflow.traceTag.team": "x",
                    "mlflow.traceTag.mlflow.artifactLocation": "mlflow-artifacts:/0/elsewhere", "session.id": "s1", "user.id": "u1"}},
    {"id": CHILD, "parent": ROOT, "name": "llm", "start": START + 1_000_000, "end": START + 1_000_000_000,
     "status": (2, "bad"),
     "attributes": {"mlflow.spanType": "LLM", "x": 1.5, "yes": True, "model": "deep-1",
                    "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}}},
]
RESOURCE = {"service.name": "shop", "telemetry.sdk.name": "ours", "n": 5}
EVENT = ("exception", START + 5, {"exception.message": "boom"})
LINK = ("0" * 31 + "1", "0" * 15 + "2")


def varint(n):
    out = b""
    while n > 0x7f:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def fixed(field, n, form="<Q"):
    return varint(field << 3 | 1) + struct.pack(form, n)


def part(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def value(v):
    if isinstance(v, bool):
        return number(2, v)
    if isinstance(v, int):
        return number(3, v)
    if isinstance(v, float):
        return fixed(4, v, "<d")
    if isinstance(v, list):
        return part(5, b"".join(part(1, value(x)) for x in v))
    if isinstance(v, dict):
        return part(6, pairs(1, v))
    return part(1, v)


def pairs(field, attributes):
    return b"".join(part(field, part(1, k) + part(2, value(v))) for k, v in attributes.items())


def proto_span(trace, s):
    out = part(1, bytes.fromhex(trace)) + part(2, bytes.fromhex(s["id"])) + part(4, bytes.fromhex(s["parent"]))
    out += part(5, s["name"]) + fixed(7, s["start"]) + fixed(8, s["end"]) + pairs(9, s["attributes"])
    if s["parent"]:
        out += part(11, fixed(1, EVENT[1]) + part(2, EVENT[0]) + pairs(3, EVENT[2]))
        out += part(13, part(1, bytes.fromhex(LINK[0])) + part(2, bytes.fromhex(LINK[1])))
    return out + part(15, part(2, s["status"][1]) + number(3, s["status"][0]))


def proto(trace):
    spans = b"".join(part(2, proto_span(trace, s)) for s in SPANS)
    return part(1, part(1, pairs(1, RESOURCE)) + part(2, spans))


def json_value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    if isinstance(v, int):
        return {"intValue": str(v)}
    if isinstance(v, float):
        return {"doubleValue": v}
    if isinstance(v, list):
        return {"arrayValue": {"values": [json_value(x) for x in v]}}
    if isinstance(v, dict):
        return {"kvlistValue": {"values": json_pairs(v)}}
    return {"stringValue": v}


def json_pairs(attributes):
    return [{"key": k, "value": json_value(v)} for k, v in attributes.items()]


def json_span(trace, s):
    out = {"traceId": trace, "spanId": s["id"], "parentSpanId": s["parent"], "name": s["name"],
           "startTimeUnixNano": str(s["start"]), "endTimeUnixNano": str(s["end"]),
           "attributes": json_pairs(s["attributes"]), "status": {"code": s["status"][0], "message": s["status"][1]}}
    if s["parent"]:
        out["events"] = [{"name": EVENT[0], "timeUnixNano": str(EVENT[1]), "attributes": json_pairs(EVENT[2])}]
        out["links"] = [{"traceId": LINK[0], "spanId": LINK[1]}]
    return out


def as_json(trace):
    spans = [json_span(trace, s) for s in SPANS]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": json_pairs(RESOURCE)},
                                          "scopeSpans": [{"spans": spans}]}]}).encode()


if __name__ == "__main__":
    sys.stdout.buffer.write({"proto": proto, "json": as_json}[sys.argv[1]](sys.argv[2]))
