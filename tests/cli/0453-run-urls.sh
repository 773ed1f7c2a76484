# Dependencies that are URLs: what a server says of them decides.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >../serve.py <<'PY'
"""serve.py DIR: HEAD of /NAME has the headers in DIR/NAME; writes its port to DIR/port."""
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        path = sys.argv[1] + self.path
        self.send_response(200 if os.path.exists(path) else 404)
        if os.path.exists(path):
            for line in open(path):
                self.send_header(*line.strip().split(": ", 1))
        self.end_headers()

    def log_message(self, *args):
        with open(sys.argv[1] + "/log", "a") as f:
            f.write(self.command + "\n")


server = HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + "/port.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
mkdir ../web
echo 'ETag: "v1"' >../web/data.csv
python3 ../serve.py ../web &
server=$!
cleanup "kill $server 2>/dev/null"
wait_for 20 test -s ../web/port || exit 1
url=http://127.0.0.1:$(cat ../web/port)
pipeline() { printf 'stages:\n  t: {cmd: "echo >> runs", deps: [%s], outs: [runs: {persist: true, cache: false}]}\n' "$1" >mlops.yaml; }

pipeline "\"$url/data.csv\""
run mlops run
rc_is 0 "a run"
is "$(sort -u ../web/log)" HEAD "it is only looked at"
like mlops.lock "key: version" "the lock has what was seen"
like mlops.lock 'ETag: .*v1' "its ETag"
run mlops run
like "$err" "up to date" "nothing changed"
echo 'ETag: "v2"' >../web/data.csv
run mlops run
like "$err" "stage 't': runs: .*data.csv: version changed .*v1.* -> .*v2" "the change is the reason"
printf 'Last-Modified: Mon, 02 Jan 2023 00:00:00 GMT\nContent-Length: 5\n' >../web/data.csv
ok "without an ETag" mlops run
like mlops.lock 'Last-Modified: Mon, 02 Jan 2023 00:00:00 GMT, Content-Length: 5' "date and size count"
: >../web/data.csv
run mlops run
rc_is 1 "one that tells nothing"
like "$err" "mlops.yaml:2:35: .*no ETag, date or size to know a change by" "is refused"
pipeline "\"$url/none\""
run mlops run
rc_is 1 "one that is not there"
like "$err" "mlops.yaml:2:35: cannot look at '$url/none': .*HTTP 404" "is an error"
kill $server
wait $server 2>/dev/null
run mlops run
rc_is 4 "a server that is away"
like "$err" "mlops.yaml:2:35: cannot look at '$url/none'" "is another"
pipeline '"https://me:secret@host/x"'
run mlops run
rc_is 1 "a password in a URL"
like "$err" "mlops.yaml:2:35: a URL with a name or password in it" "is refused"
unlike "$err" secret "and not repeated"
pipeline "\"$url/a\", \"$url/a\""
run mlops run
like "$err" "is given twice" "the same twice"
done_testing
