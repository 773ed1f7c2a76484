# What a push makes of many objects and of an edited large one: blocks and indexes, which an independent
# reader reads, and of which only what is new is sent.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

reader() { python3 -I -S "$tap_src/tests/lib/remote_reader.py" "$@"; }
sent() { find "$scratch/far/blocks" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%d\n", n }'; }

make_data
mlops remote add origin "$scratch/far"
mkdir data/many && seq 400 | split -l 1 -a 3 - data/many/x
head -c 10000000 /dev/urandom >large.bin && seq 400000 >text
mlops track data large.bin text >/dev/null && git add . && git commit -qm more
ok "a push" mlops push
like "$(find "$scratch/far/blocks" -type f | wc -l)" '^ *[2-6]$' "of 400 files and some large ones is a few blocks"
run reader "$scratch/far"
rc_is 0 "an independent reader agrees"
like "$out" 'objects in [2-6] blocks' "with all of it"
sum=$(sha256sum <large.bin | cut -c-64)
ok "it reads a large object" sh -c "python3 -I -S '$tap_src/tests/lib/remote_reader.py' '$scratch/far' $sum | cmp - large.bin"
is "$([ "$(sent)" -lt 12000000 ] && echo small)" small "text is there compressed"

# One change in the middle.
before=$(sent)
{ head -c 4000000 large.bin && echo inserted && tail -c +4000001 large.bin; } >edited && mv edited large.bin
mlops track large.bin >/dev/null && git add . && git commit -qm edited
run mlops push --json
rc_is 0 "a push of an edited file"
json_is 'd["objects"], 0 < d["moved"] < 900000 < d["bytes"]' '[1,true]' "is one object"
new=$(($(sent) - before))
is "$([ "$new" -lt 600000 ] && echo little)" little "of which little more than the edit is sent ($new bytes)"
ok "the reader agrees" reader "$scratch/far"
run mlops push --verify
rc_is 0 "what is there can be read back"
cp -a "$scratch/far" "$scratch/far.whole"
for file in $(find "$scratch/far/blocks" -type f); do chmod u+w "$file" && printf 'XXXXXXXX' | dd of="$file" bs=1 seek=6000000 conv=notrunc 2>/dev/null; done
run mlops push --verify
rc_is 3 "what is damaged is found"
like "$err" 'remote verify --read-data --repair' "and what to do"
rm -rf "$scratch/far" && mv "$scratch/far.whole" "$scratch/far"
clone
ok "a clone" mlops pull
same_data "has the same data"
ok "in its last version" cmp large.bin "$origin/large.bin"
git checkout -q HEAD~1
ok "and in the one before" mlops pull
ok "as it verifies" mlops verify
run mlops push --json
json_is 'd["objects"]' 0 "the clone has nothing to add"

# What a client keeps is no more than a help.
cd "$origin" && rm -rf .mlops/remotes
run mlops push --json
json_is 'd["objects"]' 0 "without its indexes a client asks for them again"
for file in .mlops/remotes/*/index/*; do chmod u+w "$file" && echo junk >"$file"; done
run mlops push --json
json_is 'd["objects"]' 0 "and when they are damaged"

# A remote that says it has what it has not.
blocks=$(find "$scratch/far/blocks" -type f)
mkdir "$scratch/kept" && cp -a "$scratch/far/." "$scratch/kept"
for file in $blocks; do rm "$file"; done
run mlops push --json
rc_is 0 "a remote that lost its blocks"
like "$err" "lacks some of what its indexes name" "is found out"
json_is 'd["objects"] > 400' true "and gets all again"
clone
ok "so that a clone" mlops pull
same_data "has the same data again"
rm -rf "$scratch/far" && cp -a "$scratch/kept" "$scratch/far"
chmod -R u+w "$scratch/far"
for file in $(find "$scratch/far/blocks" -type f); do printf 'XXXXXXXX' | dd of="$file" bs=1 seek=60 conv=notrunc 2>/dev/null; done
clone
run mlops pull
rc_is 3 "damage within a block"
like "$err" "holds a damaged object" "is told"
ok "and nothing of it stored" mlops verify
for file in "$scratch"/far/index/*; do echo junk >>"$file"; done
clone
run mlops pull
rc_is 1 "damaged indexes"
like "$err" "damaged; what it tells of is left out" "are told"
(cd "$origin" && mlops push >/dev/null 2>&1)
ok "a push mends it" mlops pull
same_data "then all is well"

# A plain web server, which lists nothing.
rm -rf "$scratch/far" && cp -a "$scratch/kept" "$scratch/far"
cat >"$scratch/plain.py" <<'EOF'
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
with open(sys.argv[2], "w") as f: f.write(f"http://127.0.0.1:{server.server_port}")
server.serve_forever()
EOF
python3 -I -S "$scratch/plain.py" "$scratch/far" "$scratch/plain-url" &
cleanup "kill $! 2>/dev/null"
wait_for 20 test -s "$scratch/plain-url"
clone
mlops config remote.origin.url "$(cat "$scratch/plain-url")"
ok "a pull from a plain web server" mlops pull
same_data "gets the same data"

done_testing
