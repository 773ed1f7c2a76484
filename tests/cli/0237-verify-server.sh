# verify --repair from a server that has some damage of its own: it hangs up there, and all else comes.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
mkdir "$scratch/served"
MLOPS_REMOTE_TOKEN=$(mlops server token add me --scope write --data "$scratch/served" 2>/dev/null)
export MLOPS_REMOTE_TOKEN
start_server "$scratch/served"
mlops remote add origin "$server_url" && mlops push >/dev/null
# The pack of the files, not the one of their trees.
pack=$(find "$scratch/served" -name '*.pack' | xargs ls -S | head -n 1)
chmod u+w "$pack" && printf '\377' | dd of="$pack" bs=1 seek=64 conv=notrunc status=none
rm -rf .mlops/store data/deep large.bin
run mlops verify --repair --json
rc_is 3 "one object is damaged there"
schema_ok verify.json
json_is 'sum(a["objects"] for a in d["absent"])' 1 "all others are here"
json_is 'd["fetched"] == d["objects"] > 10' true "fetched"
kill "$server_pid"
run mlops verify --repair
rc_is 4 "a server that is not there at all is an error"

done_testing
