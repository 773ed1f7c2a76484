# mlops track and mlops checkout killed at every fault point: the store verifies, nothing that was
# tracked is lost, and doing it again finishes the job.
. "$(dirname "$0")/../lib/tap.sh"

MLOPS_FAULT=any:1:kill run mlops status
new_project
mkdir -p d/sub && echo first >d/a && echo first >d/sub/b && echo kept >kept
mlops track d kept >/dev/null && git commit -qm first
cp -a d "$tap_root/d1"
kept=$(cat kept.mlops)

# A change with a small object, a large one, a deleted and a new file.
change() {
	echo "second $1" >d/a && rm -rf d/sub && mkdir -p d/new && echo "new $1" >d/new/n
	head -c 1500000 /dev/urandom >d/big && echo "single $1" >"single$1"
}
after_kill() { # N
	ok "killed at point $1: the store verifies" mlops verify
	is "$(cat kept.mlops)" "$kept" "what was tracked before still is"
	run mlops status --json
	rc_is 0 "status can be told"
}
killed=0
for n in $(seq 1 60); do
	change "$n"
	MLOPS_FAULT=any:$n:kill run mlops track d "single$n"
	[ "$rc" = 137 ] || break
	killed=$n
	after_kill "$n"
	ok "tracking again finishes it" mlops track d "single$n"
	is "$(mlops status)" "nothing has changed" "then all is as tracked"
	is "$(git status --short | grep -c "d.mlops\|single$n.mlops\|^??")" 2 "both pointers are staged, no data is seen"
	git commit -qm "$n"
done
[ "$killed" -gt 0 ] || skip_all "this build has no fault points"
rc_is 0 "with no point left to die at, track succeeds"
git commit -qm last
cp -a d "$tap_root/d2"

first=$(git rev-list --max-parents=0 HEAD)
killed=0
for n in $(seq 1 60); do
	git checkout -q "$first" -- d.mlops
	MLOPS_FAULT=any:$n:kill run mlops checkout
	status=$rc
	[ "$status" = 137 ] && killed=$n && after_kill "$n"
	ok "checkout again finishes it" mlops checkout
	ok "all of it" diff -r d "$tap_root/d1"
	git checkout -q HEAD -- d.mlops && mlops checkout --force >/dev/null
	ok "and the way back" diff -r d "$tap_root/d2"
	[ "$status" = 137 ] || break
done
[ "$killed" -gt 0 ]
tap_point $? "checkout was killed too"

# The same points as failures of the system: reported, nothing half-done is believed.
for n in $(seq 1 60); do
	change "f$n"
	MLOPS_FAULT=any:$n run mlops track d "singlef$n"
	[ "$rc" = 0 ] && break
	like "$err" "^mlops: .*(Input/output error|changed while)" "point $n fails with a message"
	ok "the store verifies" mlops verify
	ok "again" mlops track d "singlef$n"
done

done_testing
