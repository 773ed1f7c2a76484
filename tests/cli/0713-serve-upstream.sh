#!/bin/sh
# mlops serve --upstream: requests and answers that are passed on, both as they come.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

start_upstream() {
	rm -f port
	python3 -I -S "$tap_src/tests/lib/upstream.py" "$PWD/port" &
	upstream=$!
	cleanup "kill $upstream 2>/dev/null"
	wait_for 20 test -s port || exit 1
}
status() {
	curl -s --max-time 20 -o "$tap_root/body" -w '%{http_code}' "$@"
}

start_upstream
serve --upstream "http://127.0.0.1:$(cat port)" --timeout 1s
is "$(curl -s "$u/anything?x=%20y")" hello "a request"
curl -s -D "$tap_root/head" -o "$tap_root/body" -H 'X-Mine: 1' -H 'Connection: X-Secret' -H 'X-Secret: 2' -H 'X-Forwarded-For: 1.2.3.4' "$u/fields"
like "$tap_root/body" '^x-mine: 1$' "its fields go on"
unlike "$tap_root/body" 'x-secret' "but those for one connection"
like "$tap_root/body" '^x-forwarded-for: 1\.2\.3\.4, 127\.0\.0\.1$' "and who asks"
like "$tap_root/head" '^X-Own: 1' "the answer's fields come back"
unlike "$tap_root/head" 'X-Hop' "but those for one connection"

head -c 30000000 /dev/urandom >big
want="30000000 $(sha256sum big | cut -d' ' -f1)"
is "$(curl -s --data-binary @big "$u/hash")" "$want" "a body that the gateway itself would not take"
is "$(curl -s -H 'Transfer-Encoding: chunked' --data-binary @big "$u/hash")" "$want" "in chunks"
is "$(curl -s "$u/large" | wc -c)" 20971520 "a large answer"
is "$(curl -s "$u/until-close")" hello "an answer that ends with its connection"
is "$(curl -s -0 "$u/until-close")" hello "to a client of HTTP/1.0"
is "$(status "$u/nothing")" 204 "an answer without a body"
is "$(curl -s "$u/early")" late "one that is announced"
is "$(curl -sI -o "$tap_root/body" -w '%{http_code}' "$u/x")" 200 "HEAD"
is "$(curl -s "$u/x" "$u/large" "$u/x" -w '%{num_connects} ' -o "$tap_root/1" -o "$tap_root/2" -o "$tap_root/3")" "1 0 0 " "the client's connection is kept"

curl -sN -d '{"stream":true}' "$u/v1/chat/completions" >stream &
streaming=$!
for i in 0 1 2; do
	ok "event $i comes when it is sent" wait_for 20 grep -q "data: $i" stream
	: >"port.$i"
done
ok "a stream" wait $streaming
like stream '\[DONE\]' "ends"

is "$(status "$u/malformed")" 502 "an answer that could be read in two ways"
curl -s -o "$tap_root/body" "$u/cut"
is $? 18 "an answer that is cut is cut"
is "$(curl -s "$u/extra")" one "what follows an answer"
is "$(curl -s "$u/x")" hello "is nobody's answer"
is "$(curl -s "$u/crash-once")" again "a connection that breaks: a GET is asked again"
is "$(curl -s -d '{}' "$u/v1/models/m:predict")" again "a prediction too"
is "$(status -d '{}' "$u/post-once")" 502 "what may change something is not"
is "$(status "$u/slow")" 504 "an answer that takes too long"
is "$(curl -s "$u/health")" '{"status":"ok"}' "the gateway's own health"
like "$(curl -s "$u/metrics")" 'mlops_requests_total\{method="any",route="other",status="200"\}' "and metrics"

is "$(status "$u/crash")" 502 "a server that dies"
is "$(status "$u/x")" 502 "and is gone"
is "$(status "$u/health")" 503 "which health tells"
kill -TERM "$pid"
ok "ends" wait "$pid"

run mlops serve --upstream "http://127.0.0.1:$(cat port)" --listen 127.0.0.1:0 --start-timeout 200ms
rc_is 3 "a server that is not there"
for url in http:// http://127.0.0.1:x http://127.0.0.1:1/path http://a@127.0.0.1:1 https://127.0.0.1; do
	run mlops serve --upstream "$url" --listen 127.0.0.1:0 --start-timeout 200ms
	isnt "$rc" 0 "$url"
done

done_testing
