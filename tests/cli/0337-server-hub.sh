# mlops server as a hub of models: what is taken, what is refused, and what cannot be reached.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
write=$(mlops server token add writer --scope write --data "$data")
read=$(mlops server token add reader --data "$data")
start_server "$data"

# ask TOKEN METHOD PATH [CURL-ARGUMENT...]: sets $status, $head (file) and $body (file).
head=$scratch/head body=$scratch/body
ask() {
	tap_token=$1 tap_method=$2 tap_path=$3
	shift 3
	status=$(curl -s --path-as-is ${tap_token:+-H "Authorization: Bearer $tap_token"} -X "$tap_method" -D "$head" \
		-o "$body" -w '%{http_code}' "$@" "${server_url}$tap_path")
}
status_is() {
	is "$status" "$1" "$2"
}
field() {
	python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" <"$body"
}
line() {
	printf '{"key":"%s","value":{%s}}\n' "$1" "$2"
}
commit() {
	ask "${3:-$write}" POST "/api/models/$1/commit/main" --data-binary @"$2"
}

ask "$read" POST /api/repos/create -d '{"name":"m","organization":"org"}'
status_is 403 "a token to read makes no repository"
for repo in m other; do
	ask "$write" POST /api/repos/create -d "{\"name\":\"$repo\",\"organization\":\"org\"}"
	status_is 200 "a repository"
done
ask "$write" POST /api/repos/create -d '{"name":"m","organization":"org"}'
status_is 409 "is made once"
for bad in '..' 'a/b' '_x' '.x' '' 'a..b'; do
	ask "$write" POST /api/repos/create -d "{\"name\":\"$bad\",\"organization\":\"org\"}"
	status_is 400 "none is named '$bad'"
done
ask "" GET /api/models/org/m
status_is 401 "nothing is told without a token"

printf hello >"$scratch/file"
name=$(sha256sum <"$scratch/file" | cut -c-64)
ask "$write" POST /org/m.git/info/lfs/objects/batch -d "{\"operation\":\"upload\",\"objects\":[{\"oid\":\"$name\",\"size\":5}]}"
href=$(field 'd["objects"][0]["actions"]["upload"]["href"]')
line lfsFile "\"path\":\"a/f\",\"algo\":\"sha256\",\"oid\":\"$name\",\"size\":5" >"$scratch/lfs"
commit org/m "$scratch/lfs"
status_is 400 "a commit of what was not uploaded is refused"
ask "" PUT "${href#"$server_url"}" --data-binary other
status_is 400 "other bytes than those that were announced are refused"
ask "" PUT "$(echo "${href#"$server_url"}" | sed 's/signature=./signature=x/')" --data-binary hello
status_is 403 "an address that is not signed is refused"
ask "" PUT "$(echo "${href#"$server_url"}" | sed 's/until=1/until=2/')" --data-binary hello
status_is 403 "so is one whose end was changed"
ask "" PUT "$(echo "${href#"$server_url"}" | sed 's|org/m/|org/other/|')" --data-binary hello
status_is 403 "and one of another repository"
ask "" PUT "${href#"$server_url"}" --data-binary hello
status_is 201 "the address lets in without a token"
commit org/other "$scratch/lfs"
status_is 400 "knowing a hash is not enough for another repository"
commit org/m "$scratch/lfs" "$read"
status_is 403 "a token to read commits nothing"
commit org/m "$scratch/lfs"
status_is 200 "then it can be committed"
first=$(field 'd["commitOid"]')
ask "$read" GET /org/m/resolve/main/a/f
is "$(cat "$body")" hello "and read"
like "$head" "^ETag: \"$name\"" "with its SHA-256 as ETag"
like "$head" "^X-Repo-Commit: $first" "and its commit"
ask "$read" GET /org/m/resolve/main/a/f -H 'Range: bytes=1-2'
is "$status $(cat "$body")" "206 el" "also a part of it"
ask "$read" GET "/org/other/resolve/main/a/f"
status_is 404 "not from another repository"
like "$head" 'X-Error-Code: EntryNotFound' "in the words of the hub"

{
	line header "\"summary\":\"second\",\"parentCommit\":\"$(printf '%040d' 0)\""
	line file '"path":"b","content":"Yg==","encoding":"base64"'
} >"$scratch/stale"
commit org/m "$scratch/stale"
status_is 412 "a commit on top of another than the last is refused"
{
	line header "\"summary\":\"second\",\"parentCommit\":\"$first\""
	line file '"path":"b","content":"Yg==","encoding":"base64"'
	line deletedFile '"path":"a/f"'
} >"$scratch/good"
for bad in ../x /x a/../../x .git/config a//b ''; do
	{
		cat "$scratch/good"
		line file "\"path\":\"$bad\",\"content\":\"Yg==\",\"encoding\":\"base64\""
	} >"$scratch/bad"
	commit org/m "$scratch/bad"
	status_is 400 "no file is named '$bad'"
done
ask "$read" GET /org/m/resolve/main/b
status_is 404 "nothing of a commit that is refused is there"
ask "$write" POST "/api/models/org/m/commit/$first" --data-binary @"$scratch/good"
status_is 400 "a commit goes to a branch, not to a commit"
commit org/m "$scratch/good"
status_is 200 "a good one is taken"
ask "$read" GET '/api/models/org/m/tree/main?recursive=true'
is "$(field '[f["path"] for f in d]')" "['a', 'b']" "it has what it says"
ask "$read" GET "/org/m/resolve/$first/a/f"
status_is 200 "the commit before has what it had"
ask "$read" GET "/org/m/resolve/%2e%2e%2f_commits%2fx/b"
status_is 400 "a revision is a name"
ask "$read" DELETE /api/repos/delete -d '{"name":"m","organization":"org"}'
status_is 403 "a token to read deletes nothing"
kill "$server_pid"
wait "$server_pid"
start_server "$data"
ask "$read" GET /org/m/resolve/main/b
is "$(cat "$body")" b "a server that is started again has it all"
ask "$write" DELETE /api/repos/delete -d '{"name":"m","organization":"org"}'
status_is 200 "a repository can be deleted"
ask "$read" GET /api/models/org/m
status_is 404 "and is gone"
ok "no token is in the log" sh -c "! grep -q 'mlt_' '$tap_root/server.err' '$tap_root/server.out'"
done_testing
