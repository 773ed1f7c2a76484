# A server that sends short, long or corrupt bodies, stalls, resets, fails or redirects: a clear
# error, the right exit code, nothing half-written, and the next pull finishes the job.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
simple_folder "$scratch/far"
mlops remote add origin "$scratch/far"
mlops push >/dev/null
export MLOPS_REMOTE_TOKEN=secret-of-ours MLOPS_HTTP_TIMEOUT=1s

# hostile FAULT EXIT REGEX [PATH]: a pull from a server with that fault.
hostile() {
	clone
	start_httpd "$scratch/far" "$1"
	mlops config remote.origin.url "$httpd_url"
	run mlops pull ${4:+"$4"}
	rc_is "$2" "$1 ${4:-data}: exit status $2"
	like "$err" "$3" "$1 ${4:-data}: the error says what"
	unlike "$err" secret-of-ours "$1 ${4:-data}: no token in it"
	ok "$1 ${4:-data}: the store is whole" mlops verify
	ok "$1 ${4:-data}: no file was written" test ! -e "${4:-data/f1}"
	kill "$httpd_pid"
	mlops config remote.origin.url "$scratch/far"
	ok "$1 ${4:-data}: the next pull succeeds" mlops pull
	same_data "$1 ${4:-data}: with identical bytes"
}

hostile short 4 'ended before the whole reply'
hostile short 4 'ended before the whole reply' large.bin
hostile cut 3 'ends too early'
hostile long 3 'damaged|bytes instead of'
hostile long 3 'sent 3000001 bytes or more' large.bin
hostile corrupt 3 'damaged'
hostile corrupt 3 'damaged' large.bin
hostile other 3 'not asked for'
hostile stall 4 'no answer for 1 s' large.bin
hostile reset 4 'cannot reach remote'
hostile reset 4 'cannot reach remote' large.bin
hostile 500 4 'on purpose \(HTTP 500\)'
hostile 401 4 'HTTP 401'
hostile 403 4 'HTTP 403'
hostile 404 4 'no mlops server|HTTP 404'
hostile html 3 'no stream of objects'

# What passes is tried again.
for fault in 500:1 429:2 reset:1 short:1; do
	clone
	start_httpd "$scratch/far" "$fault"
	mlops config remote.origin.url "$httpd_url"
	run mlops pull
	rc_is 0 "$fault: it is tried again"
	same_data "$fault: with identical bytes"
done

# The token goes to no other host. (localhost is another name than 127.0.0.1.)
clone
start_httpd "$scratch/far" none
thief=$httpd_log
echo "$httpd_url" | sed 's/127.0.0.1/localhost/' >"$scratch/far/away"
start_httpd "$scratch/far" away
mlops config remote.origin.url "$httpd_url"
run mlops pull large.bin
unlike "$thief" secret-of-ours "the token is not sent to where a redirect leads"
like "$httpd_log" 'Bearer secret-of-ours' "and was sent to the remote"
run mlops pull data
rc_is 4 "a request with a body is not sent on"

done_testing
