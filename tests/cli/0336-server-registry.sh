# mlops server as a registry: what is taken, what is refused, and what cannot be reached.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
write=$(mlops server token add writer --scope write --data "$data")
read=$(mlops server token add reader --data "$data")
start_server "$data"
v2=$server_url/v2

# ask TOKEN METHOD PATH [CURL-ARGUMENT...]: sets $status, $head (file) and $body (file).
head=$scratch/head body=$scratch/body
ask() {
	tap_token=$1 tap_method=$2 tap_path=$3
	shift 3
	[ "$tap_method" != HEAD ] || set -- --head "$@"
	status=$(curl -s --path-as-is -u "any:$tap_token" -X "$tap_method" -D "$head" -o "$body" -w '%{http_code}' "$@" \
		"$server_url$tap_path")
}
# status_is N NAME
status_is() {
	is "$status" "$1" "$2"
}
digest() {
	echo "sha256:$(sha256sum <"$1" | cut -c-64)"
}
location() {
	sed -n 's/^Location: *\([^\r]*\)\r*$/\1/p' "$head"
}

is "$(curl -s -o "$body" -D "$head" -w '%{http_code}' "$v2/")" 401 "without a token it refuses"
like "$head" '^WWW-Authenticate: Basic realm="mlops"' "and asks for a password"
like "$head" "^WWW-Authenticate: Bearer realm=\"$server_url/v2/token\",service=\"mlops\"" "or a token"
like "$body" '"errors":\[\{"code":"UNAUTHORIZED"' "in the form that clients know"
is "$(curl -s -u "x:$read" "$v2/token?service=mlops&scope=repository:a:pull" | python3 -c 'import json,sys; print(json.load(sys.stdin)["token"])')" \
	"$read" "the token service gives the token that the password is"
is "$(curl -s -o "$body" -w '%{http_code}' -u x:wrong "$v2/token")" 401 "and nothing to others"
is "$(curl -s -o "$body" -w '%{http_code}' -H "Authorization: Bearer $read" "$v2/")" 200 "with that it lets in"

printf one >"$scratch/one" && one=$(digest "$scratch/one")
ask "$read" POST /v2/a/b/blobs/uploads/
status_is 403 "a token to read begins no upload"
like "$body" DENIED "as denied"
ask "$write" POST "/v2/a/b/blobs/uploads/?digest=$one" --data-binary @"$scratch/one"
status_is 201 "a blob in one request"
like "$head" "^Docker-Content-Digest: $one" "with its digest"
ask "$read" GET "/v2/a/b/blobs/$one"
status_is 200 "can be read"
is "$(cat "$body")" one "with its bytes"
ask "$read" GET "/v2/a/b/blobs/$one" -H 'Range: bytes=1-'
is "$(cat "$body")" ne "and a part of it"
ask "$read" GET "/v2/other/blobs/$one"
status_is 404 "not by way of another repository"
ask "$read" HEAD "/v2/other/blobs/$one"
status_is 404 "nor is it told that it is there"
ask "$write" POST "/v2/other/blobs/uploads/?mount=$one&from=nowhere"
status_is 202 "a mount from a repository that lacks it begins an upload"
ask "$write" DELETE "$(location)"
status_is 204 "which can be ended"
ask "$write" POST "/v2/other/blobs/uploads/?mount=$one&from=a/b"
status_is 201 "from one that has it it is done at once"
ask "$read" GET "/v2/other/blobs/$one"
status_is 200 "and then it can be read there"

printf two >"$scratch/two" && two=$(digest "$scratch/two")
ask "$write" POST "/v2/a/b/blobs/uploads/?digest=$two" --data-binary @"$scratch/one"
status_is 400 "other bytes than the digest says are refused"
like "$body" DIGEST_INVALID "as such"
ask "$read" GET "/v2/a/b/blobs/$two"
status_is 404 "and nothing can be seen of them"
ask "$write" POST "/v2/a/b/blobs/uploads/?digest=sha256:../../../x" --data-binary @"$scratch/one"
status_is 400 "a digest is one"

ask "$write" POST /v2/a/b/blobs/uploads/
status_is 202 "an upload in parts"
at=$(location)
ask "$write" PATCH "$at" -H 'Content-Range: 0-0' --data-binary t
status_is 202 "takes a part"
ask "$write" PATCH "$at" -H 'Content-Range: 5-5' --data-binary x
status_is 416 "not one that does not come next"
like "$head" '^Range: 0-0' "and says where it is"
ask "$write" GET "$at"
status_is 204 "also when it is asked"
ask "$read" GET "/v2/a/b/blobs/$two"
status_is 404 "what is not ended can't be seen"
ask "$write" PATCH "${at%/*}/00000000000000000000000000000000" --data-binary x
status_is 404 "an upload that is not there"
ask "$write" PATCH "/v2/other/blobs/uploads/${at##*/}" --data-binary x
status_is 404 "an upload of another repository"
ask "$write" PUT "$at"
status_is 400 "it is not ended without its digest"
ask "$write" PUT "$at?digest=$two" --data-binary wo
status_is 201 "and is with it"
ask "$read" GET "/v2/a/b/blobs/$two"
is "$(cat "$body")" two "then it is there"

empty='{}'
printf %s "$empty" >"$scratch/empty" && config=$(digest "$scratch/empty")
ask "$write" POST "/v2/a/b/blobs/uploads/?digest=$config" --data-binary "$empty"
oci=application/vnd.oci.image.manifest.v1+json
# manifest LAYER SIZE [MORE]
manifest() {
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"a/x","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"x/y","digest":"%s","size":%s}]%s}' \
		"$oci" "$config" "$1" "$2" "$3" >"$scratch/manifest"
}
put_manifest() {
	ask "$write" PUT "/v2/$1/manifests/$2" -H "Content-Type: ${3:-$oci}" --data-binary @"$scratch/manifest"
}
manifest "sha256:$(printf '%064d' 0)" 1
put_manifest a/b v1
status_is 404 "a manifest that names a blob that is not there is refused"
manifest "$one" 4
put_manifest a/b v1
status_is 400 "so is one that is wrong about its length"
manifest "$one" 3
put_manifest c v1
status_is 404 "and one whose blobs are in another repository only"
put_manifest a/b v1 text/plain
status_is 400 "and one of another type than it says"
put_manifest a/b 'a%2Fb'
status_is 400 "and what is no tag"
put_manifest a/b "$one"
status_is 400 "and another digest"
ask "$read" GET /v2/a/b/tags/list
status_is 404 "nothing of these is there"
put_manifest a/b v1
status_is 201 "a good one is taken"
v1=$(digest "$scratch/manifest")
put_manifest a/b "$v1"
status_is 201 "also by its digest"
ask "$read" GET /v2/a/b/manifests/v1
ok "it comes back in the same bytes" cmp "$scratch/manifest" "$body"
like "$head" "^Content-Type: application/vnd.oci.image.manifest.v1.json" "with its type"
ask "$read" GET "/v2/a/b/manifests/$v1"
status_is 200 "by its digest too"
ask "$read" GET "/v2/other/manifests/$v1"
status_is 404 "not from another repository"
head -c 4200000 /dev/zero | tr '\0' ' ' >"$scratch/manifest"
put_manifest a/b big
status_is 413 "one above 4 MiB is refused"
like "$body" SIZE_INVALID "as such"
printf '[' >"$scratch/manifest"
put_manifest a/b bad
status_is 400 "and what is no JSON"

for n in 1 2 3; do
	manifest "$one" 3 ",\"annotations\":{\"n\":\"$n\"},\"subject\":{\"mediaType\":\"$oci\",\"digest\":\"$v1\",\"size\":1}"
	put_manifest a/b "t$n"
done
like "$head" "^OCI-Subject: $v1" "one that refers to another is listed"
ask "$read" GET "/v2/a/b/referrers/$v1"
is "$(python3 -c 'import json,sys; d=json.load(sys.stdin); print(sorted(m["annotations"]["n"] for m in d["manifests"]))' <"$body")" \
	"['1', '2', '3']" "with all that do so"
ask "$read" GET "/v2/a/b/referrers/$v1?artifactType=other"
like "$body" '"manifests":\[\]' "and only those of the type that is asked for"
like "$head" 'OCI-Filters-Applied: artifactType' "as it says"
ask "$read" GET '/v2/a/b/tags/list?n=2'
like "$body" '"tags":\["t1","t2"\]' "tags come in order and a page at a time"
like "$head" '^Link: </v2/a/b/tags/list\?n=2&last=t2>; rel="next"' "with the next page"
ask "$read" GET '/v2/a/b/tags/list?n=2&last=t2'
like "$body" '"tags":\["t3","v1"\]' "which goes on there"
unlike "$head" '^Link' "to the end"
ask "$read" DELETE /v2/a/b/manifests/t1
status_is 403 "a token to read deletes nothing"
ask "$write" DELETE /v2/a/b/manifests/t1
status_is 202 "a tag can be deleted"
ask "$read" GET "/v2/a/b/manifests/$(digest "$scratch/manifest")"
status_is 200 "its manifest stays"
ask "$write" DELETE "/v2/a/b/manifests/$v1"
status_is 202 "so can a manifest"
ask "$read" GET /v2/a/b/manifests/v1
status_is 404 "and then its tags are gone too"
ask "$write" DELETE "/v2/a/b/blobs/$two"
status_is 202 "and a blob"
ask "$read" GET "/v2/a/b/blobs/$two"
status_is 404 "which is gone from there"

for bad in A a//b a/../b .. a/.. %2e%2e a%2F..%2Fb _blobs a/_tags 'a b'; do
	ask "$write" GET "/v2/$(printf %s "$bad" | sed 's/ /%20/g')/tags/list"
	case $status in 400 | 404) tap_point 0 "no repository is named '$bad'" ;; *) tap_point 1 "'$bad' gave $status" ;; esac
	ask "$write" POST "/v2/$(printf %s "$bad" | sed 's/ /%20/g')/blobs/uploads/"
	case $status in 400 | 404) tap_point 0 "nothing is uploaded to '$bad'" ;; *) tap_point 1 "'$bad' gave $status" ;; esac
done
is "$(cd "$data/oci" && ls | tr '\n' ' ')" "_tmp a other " "there are no other folders"
ok "no token is in the log" sh -c "! grep -q 'mlt_' '$tap_root/server.err' '$tap_root/server.out'"
kill "$server_pid"
wait "$server_pid"
start_server "$data"
ask "$read" GET /v2/a/b/manifests/t2
status_is 200 "a server that is started again has it all"
done_testing
