# mlops push and pull killed at their fault points over a server, and the server at its own: the
# stores verify, and the command can be repeated. (tests/crash/push.sh and pull.sh use a folder.)
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
origin=$PWD
mkdir -p data/deep && echo one >data/f1 && echo two >data/deep/f2 && echo x >data/tool && chmod +x data/tool
head -c 1500000 /dev/urandom >large.bin
mlops track data large.bin >/dev/null && git add . && git commit -qm data
mlops remote add hub http://127.0.0.1:1
MLOPS_FAULT=any:1:kill run mlops push
[ "$rc" = 137 ] || skip_all "this build has no fault points"

# An empty project whose store is the server's.
verify_server() { MLOPS_CORE_STORE=$scratch/server/store mlops -C "$scratch/empty" verify; }
mkdir "$scratch/empty" && git init -q "$scratch/empty" && mlops -C "$scratch/empty" init >/dev/null

# kill_until_done NAME COMMAND...: kills it at the first point, the second, ... until it ends well.
kill_until_done() {
	name=$1 killed=0
	shift
	for n in $(seq 1 20) $(seq 21 7 600); do # each of the first, then some
		again
		MLOPS_FAULT=any:$n:kill run "$@"
		[ "$rc" = 137 ] || break
		killed=$((killed + 1))
		ok "$name, killed at point $n: the store verifies" mlops verify
		ok "$name, killed at point $n: the server's store verifies" verify_server
		ok "$name, killed at point $n: it can be repeated" "$@"
	done
	is "$rc" 0 "$name: with no point left to die at, it succeeds" || tap_show_run
	[ "$killed" -gt 0 ]
	tap_point $? "$name: it was killed $killed times"
}

start_server "$scratch/server" --no-auth
mlops config remote.hub.url "$server_url"
ok "the first push" mlops push
again() { date +%s%N >data/f1 && mlops track data >/dev/null; }
kill_until_done "push to a server" mlops push
git commit -qam changed
clone
again() { rm -rf .mlops/store data large.bin; }
kill_until_done "pull from a server" mlops pull
same_data "the bytes are identical in the end"

# The server itself, killed at its own points while it is pushed to.
cd "$origin" || exit 1
died=0
for n in $(seq 1 3 40); do
	rm -rf "$scratch/crashing"
	MLOPS_FAULT=any:$n:kill start_server "$scratch/crashing" --no-auth || continue
	mlops config remote.hub.url "$server_url"
	run mlops push
	kill "$server_pid" 2>/dev/null && break
	died=$((died + 1))
	rc_is 4 "the server dies at point $n: the push fails"
	start_server "$scratch/crashing" --no-auth
	mlops config remote.hub.url "$server_url"
	ok "point $n: to the server that was started again, it succeeds" mlops push
	clone
	ok "point $n: and a pull from it" mlops pull
	same_data "point $n: gives identical bytes"
	kill "$server_pid"
	cd "$origin" || exit 1
done
[ "$died" -gt 0 ]
tap_point $? "the server died $died times"

done_testing
