# Ten processes in three clones of one store track, check out, collect and repack at once, for
# MLOPS_TEST_SECS seconds (10): nothing fails, nothing that is named is lost.
. "$(dirname "$0")/../lib/tap.sh"

secs=${MLOPS_TEST_SECS:-10}
store=$scratch/store
mkdir "$store"
MLOPS_CORE_LOCKTIMEOUT=300s
export MLOPS_CORE_LOCKTIMEOUT

failed() { # NAME WHAT
	cp "$tap_root/log.$1" "$tap_root/failed.$1" && echo "$2" >>"$tap_root/failed.$1"
	exit 1
}
try() { # NAME CMD...
	try_name=$1
	shift
	"$@" >"$tap_root/log.$try_name" 2>&1 || failed "$try_name" "failed: $*"
}
# What goes round becomes garbage, and is stored or found again.
track() { # NAME
	mkdir -p "d$1" && i=0
	while [ "$(date +%s)" -lt "$until" ]; do
		i=$((i + 1))
		echo "$1 $i" >"d$1/new"
		echo "$((i % 3))" >"d$1/round"
		[ $((i % 4)) != 0 ] || head -c 1100000 /dev/zero | tr '\0' "$((i % 3))" >"d$1/large"
		try "$1" mlops track "d$1"
		[ $((i % 2)) = 0 ] || continue
		cp -r "d$1" "$tap_root/want.$1" && echo over >"d$1/round"
		try "$1" mlops checkout --force "d$1"
		diff -r "d$1" "$tap_root/want.$1" >"$tap_root/log.$1" || failed "$1" "it is not what was tracked"
		rm -rf "$tap_root/want.$1"
	done
	echo "$i" >"$tap_root/times.$1"
}
repeat() { # NAME CMD...
	name=$1 i=0
	shift
	while [ "$(date +%s)" -lt "$until" ]; do
		i=$((i + 1))
		try "$name" "$@"
	done
	echo "$i" >"$tap_root/times.$name"
}

for n in 1 2 3; do
	new_project
	mlops config --local core.store "$store"
done
until=$(($(date +%s) + secs)) pids=''
start() { # CLONE CMD...
	cd "$scratch/project$1"
	shift
	"$@" &
	pids="$pids $!"
}
start 1 track a
start 1 track b
start 1 track c
start 1 repeat gc mlops gc --keep-within 0 --quarantine 0 --yes
start 2 track d
start 2 track e
start 2 repeat repack mlops repack
start 3 track f
start 3 track g
start 3 repeat gc2 mlops gc --keep-within 0 --quarantine 0 --yes
for pid in $pids; do
	wait "$pid"
done
for name in a b c d e f g gc gc2 repack; do
	[ ! -f "$tap_root/failed.$name" ]
	tap_point $? "$name: $(cat "$tap_root/times.$name" 2>/dev/null) times" || diag <"$tap_root/failed.$name"
done
for n in 1 2 3; do
	cd "$scratch/project$n"
	ok "clone $n: the store verifies" mlops verify
	for d in d?; do
		cp -r "$d" "$tap_root/kept.$d" && rm -rf "$d"
		ok "$d can be checked out" mlops checkout "$d"
		ok "as it was" diff -r "$d" "$tap_root/kept.$d"
	done
done
cd "$scratch/project1"
ok "gc at the end" mlops gc --keep-within 0 --quarantine 0 --yes
run mlops gc --keep-within 0 --yes --json
json_is 'd["objects"]' 0 "leaves no garbage"
done_testing
