# The exporter of OpenTelemetry's own library for Python sends its spans to mlops server. Wants a python
# that has opentelemetry-exporter-otlp-proto-http: $MLOPS_PEER_OTEL, else python3.
python=${MLOPS_PEER_OTEL:-python3}
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

"$python" -c 'import opentelemetry.exporter.otlp.proto.http' 2>/dev/null ||
	skip_all "python has no opentelemetry-exporter-otlp-proto-http"
start_server "$scratch/data" --no-auth
cat >shop.py <<'PYTHON'
import sys
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Status, StatusCode

provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
exporter = OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces", headers={"x-mlflow-experiment-id": "0"},
                            compression=getattr(Compression, sys.argv[2]))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("shop")
with tracer.start_as_current_span("checkout") as root:
    root.set_attribute("user.id", "u1")
    root.add_event("paid", {"sum": 3})
    for n in range(600):  # more than one request
        with tracer.start_as_current_span(f"db {n}", links=[Link(root.get_span_context())]) as span:
            span.set_attribute("rows", [1, 2])
            span.set_status(Status(StatusCode.ERROR, "locked"))
assert provider.force_flush()
provider.shutdown()
print(format(root.get_span_context().trace_id, "032x"))
PYTHON
for packed in NoCompression Gzip Deflate; do
	trace=$(timeout 100 "$python" shop.py "$server_url" $packed 2>err)
	[ -n "$trace" ] && [ ! -s err ]
	is $? 0 "spans are sent, $packed" || diag <err
	get "traces/get?trace_id=tr-$trace"
	json_is 'd["trace"]["trace_info"]["state"], d["trace"]["trace_info"]["tags"]["service.name"], len(d["trace"]["spans"])' \
		'["OK","shop",601]' "and are there"
	json_is '[d["trace"]["spans"][1][k] for k in ("name", "status")] + [len(d["trace"]["spans"][1]["links"])]' \
		'["db 0",{"code":"STATUS_CODE_ERROR","message":"locked"},1]' "with all that is in them"
done
done_testing
