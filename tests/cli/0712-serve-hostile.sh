#!/bin/sh
# mlops serve: requests that try to hide in others, that have no end, and clients that are slow.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

# cases CASE...: each fact that gateway.py tells of $u is a point.
cases() {
	python3 -I -S "$tap_src/tests/lib/gateway.py" "${u#http://}" "$@" >"$tap_root/facts" 2>&1 || diag <"$tap_root/facts"
	while read -r status name; do
		tap_point "$status" "$name"
	done <"$tap_root/facts"
}

write_model wine
serve --dir wine
cases forms smuggling limits slow
is "$(predict "$u" '[[1,2]]')" '{"predictions":[3]}' "it still predicts"
ok "in little memory" test "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")" -lt 200000
kill -TERM "$pid"
ok "and ends" wait "$pid"
done_testing
