# Killing a command at many points, for tests/crash/*.sh; sourced after tap.sh. A script defines
#   prepare   makes the starting state in the current folder (once; copied for each kill)
#   attempt   the command line under test; exits 0 when it did its work
#   intact    what must hold right after the kill
#   finished  what must hold after the command was run again
# and where there is more to it
#   crash_reset   undoes what is outside of that folder
#   tidy      what to stop before the next kill
#   verified  what must hold before the command was run again, if not that all verifies
# and calls crash_test NAME [points] [times]. COUNT is how often a random kill is tried (default 12), SEED what the
# random times come from. Kills are at fault points too, one after the other until none is left.

COUNT=${COUNT:-12}
SEED=${SEED:-1}
crash_kills=0
crash_how='a kill at'

crash_state() { # a fresh copy of the prepared state
	cd "$scratch" || exit 1
	rm -rf "$scratch/state"
	cp -a "$scratch/prepared" "$scratch/state" && cd "$scratch/state" || exit 1
	if type crash_reset >/dev/null 2>&1; then crash_reset; fi
}

crash_fault() {
	diag "$1, after $crash_how $2:"
	diag <"$tap_root/crash"
	crash_faults=$((crash_faults + 1))
}

crash_verify() {
	if type verified >/dev/null 2>&1; then (verified); else mlops verify; fi
}

# crash_check WHERE: looks at what the kill left, runs the command again, looks again.
crash_check() {
	crash_kills=$((crash_kills + 1))
	crash_verify >"$tap_root/crash" 2>&1 || crash_fault "verify fails" "$1"
	(set -x; intact) >"$tap_root/crash" 2>&1 || crash_fault "something is lost" "$1"
	(attempt) >"$tap_root/crash" 2>&1 || crash_fault "the command cannot be run again" "$1"
	(set -x; finished) >"$tap_root/crash" 2>&1 || crash_fault "the second run did not finish the job" "$1"
	mlops verify >"$tap_root/crash" 2>&1 || crash_fault "verify fails after the second run" "$1"
	if type tidy >/dev/null 2>&1; then (tidy) >/dev/null 2>&1; fi
}

# Every fault point that the command passes: MLOPS_FAULT=any:N:kill for N = 1, 2, ...
crash_at_points() {
	crash_n=1 crash_limit=${POINTS:-400}
	while [ "$crash_n" -le "$crash_limit" ]; do
		crash_state
		if (MLOPS_FAULT=any:$crash_n:kill; export MLOPS_FAULT; attempt) >"$tap_root/crash" 2>&1; then
			return
		fi
		crash_check "point $crash_n"
		# the first few one by one, then wider steps: most later points are alike
		crash_n=$((crash_n + 1 + crash_n / ${STEP:-12}))
	done
}

# A kill at a random time, COUNT times.
crash_at_times() {
	crash_state
	crash_start=$(date +%s%N)
	(attempt) >/dev/null 2>&1
	crash_ms=$((($(date +%s%N) - crash_start) / 1000000 + 2))
	if type tidy >/dev/null 2>&1; then (tidy) >/dev/null 2>&1; fi
	for crash_at in $(awk -v seed="$SEED" -v n="$COUNT" -v ms="$crash_ms" \
		'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.4f\n", rand() * ms / 1000 }'); do
		crash_state
		(attempt) >"$tap_root/crash" 2>&1 &
		crash_pid=$!
		sleep "$crash_at"
		kill -KILL $crash_pid 2>/dev/null # attempt() ends in exec: this is the command itself
		wait $crash_pid 2>/dev/null
		crash_check "$crash_at s of ${crash_ms} ms"
	done
}

crash_prepare() {
	mkdir "$scratch/prepared" && cd "$scratch/prepared" || exit 1
	(prepare) >"$tap_root/crash" 2>&1 || { diag <"$tap_root/crash"; echo "Bail out! cannot prepare"; exit 1; }
}

# crash_test NAME KIND...: KIND is points or times.
crash_test() {
	crash_name=$1
	shift
	case $* in *points*) needs_faults ;; esac
	crash_prepare
	for crash_kind; do
		crash_faults=0 crash_kills=0
		"crash_at_$crash_kind" 2>"$tap_root/shell" # which tells of each killed job
		is "$crash_faults" 0 "$crash_name, killed: $crash_kind ($crash_kills kills, seed $SEED)"
	done
	done_testing
}
