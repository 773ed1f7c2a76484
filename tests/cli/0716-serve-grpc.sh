#!/bin/sh
# mlops serve: the Open Inference Protocol over gRPC.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"
curl --version | grep -q HTTP2 || skip_all "curl speaks no HTTP/2"

frame() {
	python3 -I -S "$tap_src/tests/lib/grpc_frame.py" "$@"
}
# call METHOD MESSAGE [CURL OPTION...]: its code; the answer's fields are in $tap_root/answer.
call() {
	method=$1 message=$2
	shift 2
	frame "$message" >frame
	rm -f body
	curl -s --max-time 20 --http2-prior-knowledge -D head -o body -H 'Content-Type: application/grpc' -H 'TE: trailers' \
		--data-binary @frame "$@" "$u/inference.GRPCInferenceService/$method"
	[ ! -s body ] || frame show body >"$tap_root/answer" 2>&1
	sed -n 's/^grpc-status: \([0-9]*\).*/\1/p' head
}

mkdir wine
printf '%s\n' 'def predict(rows):' '    if isinstance(rows[0], dict): return [{"sum": r["a"] + r["b"], "ok": True} for r in rows]' \
	'    if isinstance(rows[0][0], str): return [r[0] for r in rows]' '    return [sum(r) for r in rows]' >wine/predict.py
serve --dir wine
is "$(call ServerLive empty)" 0 "live"
is "$(cat "$tap_root/answer")" "1=1" "it says"
is "$(call ServerReady empty)" 0 "ready"
is "$(call ModelReady model)" 0 "the model is ready"
is "$(call ServerMetadata empty)" 0 "metadata"
like "$tap_root/answer" "^1=b'mlops' 2=" "with the name"
is "$(call ModelMetadata model)" 0 "of the model"
like "$tap_root/answer" "^1=b'wine' 2=b'1' 3=b'python'" "with its version"
is "$(call ModelInfer typed)" 0 "a tensor in contents"
like "$tap_root/answer" "^1=b'wine' 2=b'1' 3=b'id-7' 5=.*FP64" "is answered by one"
is "$(call ModelInfer raw)" 0 "a tensor in raw contents"
is "$(sed 's/.* 6=//' "$tap_root/answer")" "$(python3 -c 'import struct; print(struct.pack("<2d", 3, 7.5))')" "is answered by raw contents"
is "$(call ModelInfer unpacked)" 0 "numbers one by one"
is "$(call ModelInfer named)" 0 "tensors by name"
like "$tap_root/answer" "sum.* 5=.*BOOL" "give what predict() names"
is "$(call ModelInfer texts)" 0 "texts"
like "$tap_root/answer" "BYTES.*text" "come back"
for bad in lies short cut huge none rawless squeezed; do
	is "$(call ModelInfer $bad)" 3 "$bad"
done
is "$(call ModelInfer other)" 5 "another model"
is "$(call ModelReady other)" 5 "is not there"
is "$(call Nothing empty)" 12 "another method"
is "$(curl -s --http2-prior-knowledge -D head -o body -d x "$u/health"; sed -n 's/^grpc-status: \([0-9]*\).*/\1/p' head)" 12 "what is no gRPC"
is "$(curl -s -o body -w '%{http_code}' -H 'Content-Type: application/grpc' -d x "$u/inference.GRPCInferenceService/ModelInfer")" 415 "gRPC over HTTP/1.1"
is "$(curl -s -o body -w '%{http_code}' "$u/health")" 200 "HTTP/1.1 beside it"
like "$(curl -s "$u/metrics")" 'route="/inference.GRPCInferenceService/ModelInfer",status="200"\} 5' "calls are counted"
printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frames at all' >junk
ok "what is no HTTP/2 is hung up on" timeout 20 python3 -I -S -c "
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1].rsplit(':')[-1])))
s.sendall(open('junk', 'rb').read())
while s.recv(1000): pass" "$u"
kill -TERM "$pid"
ok "ends" wait "$pid"

echo "ann $(printf %s secret | sha256sum | cut -d' ' -f1)" >keys
serve --dir wine --keys keys
is "$(call ModelInfer typed)" 16 "without a key"
is "$(call ModelInfer typed -H 'Authorization: Bearer secret')" 0 "with one"
is "$(call ServerLive empty)" 0 "health is for all"
kill -TERM "$pid"
wait "$pid"

mkdir slow
printf '%s\n' 'import time' 'def predict(rows): time.sleep(60)' >slow/predict.py
serve --dir slow --name wine --timeout 300ms
is "$(call ModelInfer typed)" 4 "a model that takes too long"
done_testing
