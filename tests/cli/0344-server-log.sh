# mlops server --access-log: a line for each request, nothing secret in it, and a file that may be put aside.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data log=$scratch/access.log
token=$(mlops server token add writer --scope write --data "$data")
start_server "$data" --access-log "$log"
printf hello >hello
hash=$(sha256sum <hello | cut -c-64)

# ask PATH [ARG...]: a request with the token; its status in $status.
ask() {
	ask_path=$1
	shift
	status=$(curl -s -m 20 -H "Authorization: Bearer $token" -o "$out" -w '%{http_code}' "$@" "$server_url$ask_path")
}
# lines FILE N: once it has them, what they are as $out, one list; the log is written behind the answer.
lines() {
	ok "$1 has $2 lines" wait_for 20 sh -c "test \"\$(wc -l <'$1')\" -eq $2"
	(printf '['; sed '$!s/$/,/' "$1"; printf ']') >"$out"
}

ask "/v1/objects/$hash" -T hello
ask "/v1/objects/$hash?secret=word"
ask "/v1/objects/$hash" -I
ask /nowhere
status=$(curl -s -m 20 -H 'Authorization: Bearer mlt_wrong' -o "$out" -w '%{http_code}' "$server_url/v1")
lines "$log" 5
json_is '[x["status"] for x in d]' '[201,200,200,404,401]' "each request is told with its status"
json_is '[x["token"] for x in d]' '["writer","writer","writer",null,null]' "and who asked"
json_is '[x["method"] for x in d]' '["PUT","GET","HEAD","GET","GET"]' "how"
json_is '[x["received"] for x in d][:4]' '[5,0,0,0]' "the bytes that came"
json_is '[x["sent"] for x in d][1:3]' '[5,0]' "and that went"
json_is 'd[1]["path"]' "/v1/objects/$hash" "what for"
json_is '(d[0]["route"][:13], d[3]["route"])' '["/v1/objects/{",null]' "of which form"
json_is 'all(x["peer"] == "127.0.0.1" and x["whole"] and x["duration_us"] >= 0 and x["time"][-1] == "Z" for x in d)' true "from where, when and how long"
unlike "$log" 'secret|word|mlt_' "no query and no token is there"
is "$(stat -c %a "$log")" 600 "the file is for the server alone"

mv "$log" "$log.1"
ask /health
lines "$log.1" 6
kill -HUP "$server_pid"
ok "on SIGHUP it is made anew" wait_for 20 test -e "$log"
ask /health
lines "$log" 1
lines "$log.1" 6
mv "$log" "$log.2"
mkdir "$log"
kill -HUP "$server_pid"
ok "what cannot be opened is said" wait_for 20 grep -q "cannot write '$log'" "$tap_root/server.err"
ask "/p/no%20where/v1"
is "$status" 404 "the server goes on"
lines "$log.2" 2
json_is 'd[1]["path"]' '/p/no%20where/v1' "and so does the log, in the file that it had"

# A client that leaves.
head -c 8000000 /dev/zero >zeros
curl -s -m 20 -H "Authorization: Bearer $token" -H 'Expect:' -T zeros --limit-rate 1M "$server_url/v1/objects/$hash" &
curl_pid=$!
ok "an upload is on its way" wait_for 20 sh -c "find '$data/store/tmp' -type f | grep -q ."
kill $curl_pid
wait $curl_pid
lines "$log.2" 3
json_is '(d[2]["status"], d[2]["whole"])' '[0,false]' "who leaves before the answer is told as such"

kill -TERM "$server_pid"
wait "$server_pid"
is $? 0 "it ends well"
run mlops server --data "$data" --access-log "$scratch/none/log"
rc_is 1 "a log that cannot be written is an error at once"
like "$err" "cannot write '.*/none/log'" "which says so"
start_server "$data" --access-log -
ask /health
ok "'-' is standard output" wait_for 20 grep -q '"path":"/health"' "$tap_root/server.out"

done_testing
