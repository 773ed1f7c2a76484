# `mlops server backup`, each of its calls refused in turn: the backup is whole or not there.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	mkdir served && mlops server token add me --data served || exit 1
	git init -q && mlops init && mkdir data || exit 1
	echo one >data/f1 && head -c 1100000 /dev/urandom >data/large
	mlops track data && cp -R .mlops/store served/store || exit 1
	mlops server --data served --no-auth --listen 127.0.0.1:0 --ready-file url &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s url ] || sleep 0.1; done
	kill $server && wait $server
	rm -f url
}

crash_reset() { rm -rf "$scratch"/remote*; }

attempt() {
	[ ! -e "$scratch/remote" ] || rm -rf "$scratch/remote"
	exec mlops server backup --data served "$scratch/remote"
}

intact() { ! ls -d "$scratch"/remote.* 2>/dev/null && { [ ! -e "$scratch/remote" ] || finished; }; }

finished() { [ -s "$scratch/remote/mlops.db" ] && diff -r served/store/loose "$scratch/remote/store/loose" &&
	diff -r served/store/packs "$scratch/remote/store/packs"; }

fault_test server-backup
