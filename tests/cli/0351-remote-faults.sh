# An object store that fails, stalls, resets or lies: what passes is tried again, a download goes on where
# it broke off, what is wrong is found, and nothing half-done is left.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

start_cloud
export AWS_ACCESS_KEY_ID=KEYOFOURS AWS_SECRET_ACCESS_KEY=secret-of-ours AWS_REGION=us-east-1 \
	AWS_ENDPOINT_URL="$cloud_url" MLOPS_HTTP_TIMEOUT=1s
make_data
simple_bucket
mlops remote add origin s3://bucket/some/prefix
ok "push" mlops push
run mlops push --json
json_is 'd["objects"]' 0 "nothing to push again"
clone
ok "pull" mlops pull
same_data "with identical bytes"
clone
ok "pull, a few things at a time and slowly" mlops pull -j 2 --limit-rate 3M
same_data "with identical bytes again"
ok "a probe of it" mlops remote check --write
like "$(cat "$cloud/log")" 'DELETE /bucket/some/prefix/probe/' "which leaves nothing there"

# passes FAULT METHOD REGEX: the fault, twice, costs nothing but time.
passes() {
	clone
	echo "$2 $3 $1 2" >"$cloud/faults"
	: >"$cloud/log"
	ok "$1 $2 ${3##*/}: pull" mlops pull
	rm "$cloud/faults"
	same_data "$1 $2 ${3##*/}: with identical bytes"
	ok "$1 $2 ${3##*/}: the store is whole" mlops verify
}
for fault in 500 429 short die stall; do
	passes "$fault" GET /objects/
done
passes 502 HEAD .
large=$(cd "$origin" && sed -n 's/^oid: *\(sha256:\)*//p' large.bin.mlops | head -1)
path=/bucket/some/prefix/objects/$(printf %.2s "$large")/$(printf %s "$large" | cut -c3-)
passes short GET "$path"
like "$(cat "$cloud/log")" "GET $path 206 .*range=bytes=[0-9]+-" "a download goes on where it broke off"

# stops FAULT METHOD REGEX EXIT TEXT: what does not pass, or is wrong, ends the pull.
stops() {
	clone
	echo "$2 $3 $1" >"$cloud/faults"
	: >"$cloud/log"
	run mlops pull
	rm "$cloud/faults"
	rc_is "$4" "$1 $2 ${3##*/}: exit status $4"
	like "$err" "$5" "$1 $2 ${3##*/}: the error says what"
	unlike "$err" 'secret-of|KEYOF' "$1 $2 ${3##*/}: no secret in it"
	ok "$1 $2 ${3##*/}: the store is whole" mlops verify
	ok "$1 $2 ${3##*/}: the next pull succeeds" mlops pull
	same_data "$1 $2 ${3##*/}: with identical bytes"
}
stops corrupt GET "$path" 3 damaged
stops 403 GET "$path" 4 'on purpose \(OnPurpose\) \(HTTP 403\)'
stops short GET "$path" 4 'ended before the whole reply'
stops 403 HEAD . 4 'HTTP 403'
is "$(grep -c 'HEAD.* 403 ' "$cloud/log")" 1 "and what was refused is not asked again"

# A redirect elsewhere is not followed: what is signed is for one host.
here=$cloud
start_cloud
echo "$cloud_url" | sed s/127.0.0.1/localhost/ >"$here/away"
clone
echo 'GET . away' >"$here/faults"
run mlops pull
rc_is 4 "a redirect to another host is an error"
is "$(cat "$cloud/log")" '' "and nothing was sent there"
rm "$here/faults"
cloud=$here

# Uploads.
push_anew() {
	cd "$origin" && head -c 40000000 /dev/urandom >huge.bin && mlops track huge.bin >/dev/null
}
push_anew
echo 'PUT partNumber 503 2
PUT partNumber reset 1
PUT partNumber die 1' >"$cloud/faults"
ok "a push of parts that fail at first" mlops push
rm "$cloud/faults"
run mlops push --json
json_is 'd["objects"]' 0 "all of it is there"

push_anew
: >"$cloud/log"
echo 'PUT partNumber=3 403' >"$cloud/faults"
run mlops push
rc_is 4 "a push that breaks off within an object"
rm "$cloud/faults"
is "$(grep -c 'PUT.*partNumber=[12].* 200' "$cloud/log")" 2 "(two of three parts are there)"
: >"$cloud/log"
ok "the next one succeeds" mlops push
is "$(grep -c 'PUT.*partNumber' "$cloud/log")" 1 "and sends only the part that was missing"
is "$(find .mlops/run/uploads -type f 2>/dev/null | wc -l)" 0 "and leaves no note"
clone
cp "$origin/huge.bin.mlops" .
ok "what was sent in two tries" mlops pull huge.bin
ok "is whole" cmp huge.bin "$origin/huge.bin"

done_testing
