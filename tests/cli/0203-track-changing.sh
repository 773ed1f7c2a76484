# A file that changes while it is read, content that cannot be stored, two processes at once.
. "$(dirname "$0")/../lib/tap.sh"

new_project
head -c 40000000 /dev/zero >growing
(while [ -e growing ]; do printf x >>growing || break; done) 2>/dev/null &
writer=$!
cleanup "kill $writer 2>/dev/null"
run mlops track growing
kill "$writer" 2>/dev/null
wait "$writer" 2>/dev/null
rc_is 1 "a file that grows while it is read"
like "$err" "'growing' changed while it was read" "is refused"
fails "there is no pointer" test -e growing.mlops
ok "the store is whole" mlops verify
ok "it can be tracked when it is left alone" mlops track growing

echo a >a
flock .mlops/lock sleep 2 &
holder=$!
cleanup "kill $holder 2>/dev/null"
wait_for 5 sh -c '! flock -n .mlops/lock true'
MLOPS_CORE_LOCKTIMEOUT=0 run mlops track a
rc_is 5 "the project is in use: exit 5"
like "$err" "in use by another mlops process" "the message says so"
MLOPS_CORE_LOCKTIMEOUT=0 run mlops status
rc_is 5 "a reader does not look at what is being changed"
run mlops track a
rc_is 0 "it waits for up to core.lockTimeout"

for i in 1 2 3 4 5 6; do
	echo "$i" >"f$i"
	mlops track "f$i" >/dev/null &
done
wait
is "$(ls f?.mlops | wc -l)" 6 "six at once: all are tracked"
is "$(git ls-files 'f?.mlops' | wc -l)" 6 "all are staged"
is "$(grep -c '^/f' .gitignore)" 6 "all are ignored"
is "$(mlops status)" "nothing has changed" "status is clean"
ok "verify" mlops verify

if [ "$(id -u)" = 0 ]; then
	skip "root can read everything" "a file that cannot be read"
else
	echo s >secret && chmod 0 secret
	fails "a file that cannot be read" mlops track secret
fi

done_testing
