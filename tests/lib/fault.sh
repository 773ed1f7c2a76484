# The system refusing a command's calls one after the other, for tests/fault/*.sh; sourced after
# tap.sh. A script defines what tests/lib/crash.sh says, and calls
#   fault_test NAME
# for each of EIO, ENOSPC and SHORT (tests/fault/inject.c). STEP is as for crash.sh (default 3).
. "$tap_src/tests/lib/crash.sh"

fault_lib=$(dirname "$MLOPS")/tests/fault/inject.so
fault_log=$tap_root/calls
crash_how=failing
# In memory, where a sync costs nothing.
if scratch=$(mktemp -d /dev/shm/mlops-test.XXXXXX 2>/dev/null); then
	cleanup "chmod -R u+w $scratch; rm -rf $scratch"
	GIT_CEILING_DIRECTORIES=$scratch
	cd "$scratch"
else
	scratch=$tap_root/scratch
fi

# What a command that was refused, yet not killed, must not leave: half-written files, locks.
fault_leftovers() {
	find . "$scratch"/remote* \( -path '*/tmp/*' -o -name '.mlops-*.tmp' -o -path './.git/*.lock' \
		-o -name 'tmp_object_git2_*' \) -type f 2>/dev/null
	[ ! -d .mlops/store/damaged ] || return 0 # a repair moves index and pack one after the other
	for fault_pack in .mlops/store/packs/*.pack; do
		[ ! -e "$fault_pack" ] || [ -e "${fault_pack%.pack}.idx" ] || [ -e "${fault_pack%.pack}.gone" ] ||
			echo "$fault_pack has no index"
	done
}

# fault_check WHERE KIND: an error of one line that names a path, or a way around was found and all
# is done (git's library has some; a short write is never an error). Nothing half-done is left.
fault_check() {
	fault_leftovers >"$tap_root/leftovers"
	grep '^mlops: ' "$tap_root/crash" | grep -v '^mlops: warning: ' >"$tap_root/message"
	if [ "$fault_rc" = 0 ]; then
		(finished) >"$tap_root/crash" 2>&1 || crash_fault "success is claimed, and the work is not done" "$1"
	elif [ "$2" = SHORT ] || [ "$fault_rc" -gt 5 ]; then
		crash_fault "the command ends with $fault_rc" "$1"
	elif ! grep -q "^mlops: .*\('.*'\|git's index\).*: " "$tap_root/message" || [ "$(wc -l <"$tap_root/message")" != 1 ]; then
		crash_fault "no error of one line that names a path" "$1"
	fi
	cp "$tap_root/leftovers" "$tap_root/crash"
	[ ! -s "$tap_root/leftovers" ] || crash_fault "something is left over" "$1"
}

fault_at() { # KIND
	fault_n=1
	while :; do
		crash_state
		rm -f "$fault_log"
		(
			LD_PRELOAD=$fault_lib INJECT=$1:$fault_n INJECT_UNDER=$scratch INJECT_LOG=$fault_log
			export LD_PRELOAD INJECT INJECT_UNDER INJECT_LOG
			attempt
		) >"$tap_root/crash.out" 2>"$tap_root/crash"
		fault_rc=$?
		fault_where=$(sed -n "s|$scratch/state/||g;/ = $1/{p;q}" "$fault_log")
		[ -n "$fault_where" ] || return 0
		fault_check "call $fault_n, $fault_where" "$1"
		crash_check "call $fault_n, $fault_where"
		fault_n=$((fault_n + 1 + fault_n / ${STEP:-3}))
	done
}

fault_test() {
	fault_name=$1
	[ -e "$fault_lib" ] || skip_all "$fault_lib is not there (make $fault_lib)"
	crash_prepare
	for fault_kind in EIO ENOSPC SHORT; do
		crash_faults=0 crash_kills=0
		fault_at "$fault_kind"
		is "$crash_faults" 0 "$fault_name: $fault_kind ($crash_kills refused calls)"
		[ "$crash_kills" -gt 0 ]
		tap_point $? "$fault_name: $fault_kind was tried"
	done
	done_testing
}
