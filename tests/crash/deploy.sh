# mlops deploy killed at every fault point, its gateway too: at most one revision is active, the
# project verifies, and the next deployment settles what was left and serves.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
count() { sqlite3 .mlops/mlops.db "SELECT count(*) FROM revisions WHERE status = $1"; }
PENDING=0 ACTIVE=1

killed=0
for n in $(seq 1 60); do
	MLOPS_FAULT=any:$n:kill run mlops deploy wine:2 --name prod
	[ "$rc" = 0 ] && break
	killed=$((killed + 1))
	ok "killed at point $n: at most one revision is active" test "$(count $ACTIVE)" -le 1
	ok "point $n: the project verifies" mlops verify
	ok "point $n: the next deployment succeeds" mlops deploy wine:1 --name prod
	is "$(predict "$(url prod)" '[[1,2]]')" '{"predictions":[3]}' "point $n: and serves"
	is "$(count $PENDING) $(count $ACTIVE)" "0 1" "point $n: it is the only active one, nothing is pending"
	[ $((n % 2)) = 0 ] && mlops undeploy prod --yes >/dev/null # so that gateways are started as well
done
[ "$killed" -gt 0 ] || skip_all "this build has no fault points"
rc_is 0 "with no point left to die at, it succeeds"
is "$(predict "$(url prod)" '[[1,2]]')" '{"predictions":[103]}' "and serves"
done_testing
