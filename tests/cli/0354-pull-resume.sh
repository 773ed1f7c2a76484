# A pull that was killed within a large object: the next one gets the rest only, and what is wrong of
# the part that was here is found and got anew.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

size=40000000
make_huge() {
	new_project
	head -c $size /dev/urandom >huge.bin
	mlops track huge.bin >"$out" && git add . && git commit -qm data
	origin=$PWD
}

# has_part: more than a quarter of the object is here.
has_part() {
	part=$(find .mlops/store/tmp/parts -type f -size +10000k 2>/dev/null)
	[ -n "$part" ]
}

# killed NAME: a pull in a fresh clone, killed with kill -9 within the object.
killed() {
	clone
	mlops pull --limit-rate 12M >"$out" 2>"$err" &
	pull_pid=$!
	ok "$1: a part of it comes" wait_for 60 has_part
	kill -9 $pull_pid
	wait $pull_pid 2>/dev/null
	ok "$1: the pull was killed before it was whole" test ! -e huge.bin
	had=$(stat -c %s "$part")
}

# resumes NAME: what such a part is good for.
resumes() {
	killed "$1"
	run mlops pull --json
	rc_is 0 "$1: the next one succeeds"
	json_is "d['bytes'] <= $size - $had + 400000" true "$1: and gets the rest only"
	ok "$1: the bytes are the same" cmp huge.bin "$origin/huge.bin"
	is "$(find .mlops/store/tmp/parts -type f)" "" "$1: no part is left"
	is "$(find .mlops/store/loose -type f -perm /222)" "" "$1: the object is read-only"
	killed "$1, damaged"
	printf abcdefgh | dd of="$part" bs=1 seek=5000000 conv=notrunc 2>"$out"
	run mlops pull
	rc_is 0 "$1: with a damaged part it succeeds too"
	ok "$1: and has the bytes" cmp huge.bin "$origin/huge.bin"
	ok "$1: and verifies" mlops verify
}

make_huge
start_server "$scratch/data" --no-auth
mlops remote add origin "$server_url"
ok "push to a server" mlops push
resumes server

# The server keeps what came of an upload too.
head -c $size /dev/urandom >new.bin
mlops track new.bin >"$out"
part=
has_upload() {
	part=$(find "$scratch/data/store/tmp/parts" -type f -size +10000k 2>/dev/null)
	[ -n "$part" ]
}
mlops push --limit-rate 12M >"$out" 2>"$err" &
pid=$!
ok "a part of an upload comes" wait_for 60 has_upload
kill -9 $pid
wait $pid 2>/dev/null
had=$(stat -c %i "$part")
ok "the next push succeeds" mlops push
oid=$(sed -n 's/^oid: *sha256://p' new.bin.mlops)
is "$(stat -c %i "$scratch/data/store/loose/$(printf %.2s "$oid")/$(printf %s "$oid" | cut -c3-)")" "$had" \
	"and what was there became the object"
is "$(find "$scratch/data/store/tmp" -type f)" "" "nothing else is left"
head -c 20000000 /dev/urandom >again.bin
mlops track again.bin >"$out"
oid=$(sed -n 's/^oid: *sha256://p' again.bin.mlops)
put() { curl -s -m 20 -o "$out" -w '%{http_code}' -X PUT "$@" "$server_url/v1/objects/$oid"; }
is "$(tail -c 5000000 again.bin | put -H 'Content-Range: bytes 15000000-19999999/20000000' --data-binary @-)" 409 \
	"the rest of what is not there is refused"
is "$(put -H 'Content-Range: bytes 0-9/20000000' --data-binary 0123456789)" 400 "and what is no rest"
ok "which keeps nobody from pushing" mlops push

make_huge
start_cloud
export AWS_ACCESS_KEY_ID=KEYOFOURS AWS_SECRET_ACCESS_KEY=secret-of-ours AWS_REGION=us-east-1 AWS_ENDPOINT_URL="$cloud_url"
mlops remote add origin s3://bucket/some/prefix
ok "push to an object store" mlops push
resumes s3

# Two at a time do not meet in one part.
killed "two"
mlops pull --limit-rate 12M >"$out.1" 2>&1 &
pid=$!
ok "one of two pulls" mlops pull
wait $pid
is $? 0 "and the other"
ok "give the same bytes" cmp huge.bin "$origin/huge.bin"
ok "that verify" mlops verify

done_testing
