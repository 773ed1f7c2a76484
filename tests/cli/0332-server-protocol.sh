# The HTTP protocol of mlops server (mlops-remote(5)) with curl, and what it refuses.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

token=$(mlops server token add all --scope write --data data)
start_server data
# ask METHOD PATH [ARG...]: the reply's body in $out, its headers in $out.head, its status in $status.
ask() {
	ask_method=$1 ask_path=$2
	shift 2
	status=$(curl -s --path-as-is -m 20 -X "$ask_method" -H "Authorization: Bearer $token" -D "$out.head" \
		-o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}
hash() { sha256sum <"$1" | cut -c-64; }

is "$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/health")" 200 "health needs no token"
is "$(cat "$out")" OK "and is a word, as with MLflow"
is "$(curl -s -m 20 -o "$out" -w '%{http_code}' "$server_url/v1")" 401 "all else does"
ask GET /v1
json_is 'd["protocol"]' 1 "the protocol has a number"

head -c 2500000 /dev/urandom >big
oid=$(hash big)
ask PUT "/v1/objects/$oid" -T big
is "$status" 201 "an object is put"
ask GET "/v1/objects/$oid"
ok "and got" cmp big "$out"
ask GET "/v1/objects/$oid" -H 'Range: bytes=1000000-1000009'
is "$status" 206 "a range is a part"
ok "with its bytes" sh -c "tail -c +1000001 big | head -c 10 | cmp - '$out'"
ask GET "/v1/objects/$oid" -H 'Range: bytes=2499999-'
is "$(wc -c <"$out")" 1 "an open range goes to the end"
ask GET "/v1/objects/$oid" -H 'Range: bytes=2500000-'
is "$status" 416 "one behind the end is refused"
status=$(curl -s -I -m 20 -H "Authorization: Bearer $token" -o "$out.head" -w '%{http_code}' "$server_url/v1/objects/$oid")
is "$status" 200 "HEAD tells that it is there"
like "$out.head" '^Content-Length: 2500000' "and its size"

echo small >small
small=$(hash small)
ask PUT "/v1/objects/$small" -T big
is "$status" 400 "bytes of another name are refused"
ask GET "/v1/objects/$small"
is "$status" 404 "and nothing is stored"
ask PUT "/v1/objects/$small" -T small
is "$status" 201 "its own are taken"
ask GET "/v1/objects/$small" -H 'Range: bytes=1-3'
is "$(cat "$out")" mal "a small one has ranges too"

for path in /v1/objects/../tokens /v1/objects/..%2Ftokens /v1/objects/%2e%2e%2ftokens "/v1/objects/$oid%00" \
	/v1/objects/abc "/v1/objects/$(echo "$oid" | tr a-f A-F)" "/v1/objects/$oid/x" / /tokens; do
	ask GET "$path"
	[ "$status" = 400 ] || [ "$status" = 404 ]
	tap_point $? "GET $(printf %.40s "$path") is refused ($status)"
	unlike "$out" 'version 1' "with nothing of a file"
done
ask DELETE "/v1/objects/$oid"
is "$status" 405 "another method is refused"
like "$out.head" '^Allow: GET, PUT' "and says which there are"

none=$(printf '%064d' 0)
printf '%s\n' "$oid" "$none" "$small" >names
ask POST /v1/objects/batch --data-binary @names
is "$(cat "$out")" "$none" "a batch is answered with what is missing"
printf 'nonsense\n' >bad
ask POST /v1/objects/batch --data-binary @bad
is "$status" 400 "a list of names must be one"
yes "$none" | head -n 10001 >many
ask POST /v1/objects/batch --data-binary @many
is "$status" 413 "and not too long"
ask POST /v1/objects/fetch --data-binary @names
is "$(wc -c <"$out")" $((8 + 56 + 2500000 + 56 + 6)) "a fetch has both objects framed"
cp "$out" pack
: >empty
ask POST /v1/objects/fetch --data-binary @empty
is "$(wc -c <"$out")" 8 "one of nothing has only the header"

token2=$(mlops server token add other --scope write --data data2)
kill "$server_pid"; start_server data2; token=$token2
ask POST /v1/pack --data-binary @pack
json_is 'd["stored"]' 2 "what was fetched can be put as it is"
ask GET "/v1/objects/$small"
is "$(cat "$out")" small "and got again"
head -c 100 pack >cut
ask POST /v1/pack --data-binary @cut
is "$status" 400 "a stream that is cut off is refused"
printf 'JUNK\1\0\0\0' >junk
ask POST /v1/pack --data-binary @junk
is "$status" 400 "what is no stream is refused"
head -c 70000000 /dev/zero >long
ask POST /v1/pack --data-binary @long
is "$status" 413 "one that is too long is refused"

for n in 1 2 3 4 5 6 7 8; do
	head -c 1500000 /dev/urandom >"c$n"
	curl -s -m 60 -o /dev/null -H "Authorization: Bearer $token" -T "c$n" "$server_url/v1/objects/$(hash "c$n")" &
	eval "pid$n=\$!"
done
for n in 1 2 3 4 5 6 7 8; do eval "wait \$pid$n"; done
for n in 1 2 3 4 5 6 7 8; do
	ask GET "/v1/objects/$(hash "c$n")"
	cmp -s "c$n" "$out"
	tap_point $? "concurrent upload $n is whole"
done
kill -TERM "$server_pid"; wait "$server_pid"
is $? 0 "it ends well"

done_testing
