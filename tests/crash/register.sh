# mlops model register killed at every fault point: there is a whole version or none, the project
# verifies, and the command can be repeated.
. "$(dirname "$0")/../lib/tap.sh"

new_project
git commit -q --allow-empty -m start
head -c 2000000 /dev/urandom >model.bin
versions() { sqlite3 .mlops/mlops.db "SELECT count(*) FROM model_versions"; }
rows() { sqlite3 .mlops/mlops.db "SELECT count(*) FROM audit WHERE action = 'model.register'"; }

killed=0
for n in $(seq 1 60); do
	MLOPS_FAULT=any:$n:kill run mlops model register wine --path model.bin
	[ "$rc" = 137 ] || break
	killed=$((killed + 1))
	is "$(versions)" "$(rows)" "killed at point $n: each version has its audit row, and the other way round"
	ok "point $n: the project verifies" mlops verify
done
[ "$killed" -gt 0 ] || skip_all "this build has no fault points"
rc_is 0 "with no point left to die at, it succeeds"
ok "and again" mlops model register wine --path model.bin
is "$(versions)" "$(rows)" "in the end all versions are whole"
run mlops model show wine@champion --json
json_is 'd["object"]["size"]' 2000000 "the first one that was finished is champion"
ok "the project verifies" mlops verify

done_testing
