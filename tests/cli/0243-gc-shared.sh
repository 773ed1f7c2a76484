# A store that several clones share: who uses it, what each keeps, quarantine, locks, the group.
. "$(dirname "$0")/../lib/tap.sh"

store=$scratch/shared
mkdir "$store" && chmod 2775 "$store"
age() { find "$store" -type f -exec touch -d '40 days ago' {} +; }
count() { mlops verify --json >"$out" 2>/dev/null && json_get 'd["objects"]'; }
collect() { mlops gc --keep-within 0 --yes "$@" >"$tap_root/gc" 2>&1 || { diag <"$tap_root/gc"; return 1; }; }
sharers() { find "$store/projects" -type f | wc -l | tr -d ' '; }
clone() { # NAME: a project of that name that uses the store
	new_project && cd .. && mv "$OLDPWD" "$scratch/$1" 2>/dev/null || mv "project$tap_projects" "$scratch/$1"
	cd "$scratch/$1" && mlops config --local core.store "$store"
}

umask 077
clone one
mkdir d && echo one >d/1 && echo both >d/2 && head -c 1500000 /dev/urandom >d/large && mlops track d >/dev/null
cp -r d "$tap_root/one"
clone two
mkdir d && echo two >d/1 && echo both >d/2 && mlops track d >/dev/null
umask 022
is "$(sharers)" 2 "each clone is written down in the store"
is "$(find "$store" -type d ! -perm -2070 | wc -l | tr -d ' ')" 0 "folders are the group's, whatever the umask"
is "$(find "$store" -type f ! -perm -040 | wc -l | tr -d ' ')" 0 "and files are readable to it"
ok "the lock is writable to it" find "$store/lock" -perm -060
mlops status >/dev/null && is "$(sharers)" 2 "once"

ok "gc in one of them" collect
is "$(count)" 6 "keeps what the other names"
cd "$scratch/one"
ok "gc in the other" collect
ok "too" mlops verify

# Garbage goes into quarantine, and comes back when it is looked for.
git rm -q --cached d.mlops && mv d.mlops "$tap_root/d.mlops"
run mlops gc --keep-within 0 --yes --json
rc_is 0 "gc"
schema_ok gc.json
json_is 'd["objects"], d["quarantined"]' '[3,true]' "what none of them names is put aside"
is "$(count)" 3 "the store has it no more"
is "$(ls "$store/quarantine" | wc -l | tr -d ' ')" 1 "the quarantine has"
mv "$tap_root/d.mlops" . && rm -rf d
ok "a clone that names it again finds it" mlops checkout
ok "all of it" diff -r d "$tap_root/one"
ok "and it is back in the store" mlops verify
git rm -q --cached d.mlops 2>/dev/null
mv d.mlops "$tap_root/d.mlops"
ok "gc: put aside again" collect
find "$store/quarantine" -mindepth 1 -maxdepth 1 -exec touch -d '6 days ago' {} +
ok "gc after six days" collect
cp "$tap_root/d.mlops" . && rm -rf d
ok "it can still be had" mlops checkout
rm d.mlops
ok "gc" collect
find "$store/quarantine" -mindepth 1 -maxdepth 1 -exec touch -d '8 days ago' {} +
ok "gc after eight days" collect
cp "$tap_root/d.mlops" . && rm -rf d
fails "it is gone" mlops checkout
is "$(ls "$store/quarantine" | wc -l | tr -d ' ')" 0 "and the quarantine is empty"
rm d.mlops

# Clones that go, move, are copied, or cannot be read.
cd "$scratch/two" && git add -A && git commit -qm two
mv "$scratch/two" "$scratch/moved" && cd "$scratch/moved" && mlops status >/dev/null
is "$(sharers)" 2 "a clone that was moved is the same one"
cp -r "$scratch/moved" "$scratch/copy" && cd "$scratch/copy" && mlops status >/dev/null
is "$(sharers)" 3 "a copy is another"
echo copy >d/1 && mlops track d >/dev/null
cd "$scratch/one"
ok "gc" collect
cd "$scratch/copy" && rm -rf d && ok "the copy has what it needs" mlops checkout
cd "$scratch/one" && mv "$scratch/copy" "$scratch/away"
run mlops gc --dry-run
like "$err" "'$scratch/copy', which used this store, is no more" "a clone that is gone is told"
is "$(sharers)" 3 "a dry run forgets none"
ok "gc" collect
is "$(sharers)" 2 "gc forgets it"
mv "$scratch/away" "$scratch/copy" && cd "$scratch/copy" && rm -rf d
ok "when it comes back, what it needs is in quarantine" mlops checkout
cd "$scratch/one"
sharer=$(grep -l "$scratch/copy" "$store"/projects/*)
cp "$sharer" "$tap_root/sharer" && sed 's/^host .*/host elsewhere/' "$tap_root/sharer" >"$sharer"
ok "a clone written down by another host that is found here is read" collect
mv "$scratch/copy" "$scratch/away"
run mlops gc --keep-within 0 --yes
rc_is 3 "one that is not found is not taken for gone"
like "$err" "host 'elsewhere'.*not to be found" "and named"
like "$err" "delete '$sharer'" "with what to do"
rm "$sharer" && mv "$scratch/away" "$scratch/copy"
chmod 0 "$scratch/copy/.git" 2>/dev/null
(cd "$scratch/copy" && chmod 755 .git && mlops status >/dev/null && mv .git .hidden)
run mlops gc --keep-within 0 --yes
rc_is 1 "a clone whose repository cannot be read: gc refuses"
like "$err" "'$scratch/copy'.*" "and names it"
mv "$scratch/copy/.hidden" "$scratch/copy/.git"
echo nonsense >"$store/projects/00000000000000000000000000000000"
run mlops gc --keep-within 0 --yes
rc_is 3 "an entry that makes no sense: gc refuses"
rm "$store/projects/00000000000000000000000000000000"
ok "and goes on without it" collect

# Locks.
cd "$scratch/one"
flock -F "$store/lock" sleep 60 &
holder=$!
cleanup "kill $holder 2>/dev/null; wait $holder 2>/dev/null"
wait_for 10 sh -c '! flock -n "$1" true' sh "$store/lock"
MLOPS_CORE_LOCKTIMEOUT=100ms run mlops status
rc_is 5 "while one collects others wait, and give up after core.lockTimeout"
like "$err" "store '$store' is in use" "saying for what"
MLOPS_CORE_LOCKTIMEOUT=1500ms run mlops status
like "$err" "waiting for another process" "and while they wait"
ok "but a setting can be changed" mlops config --local core.lockTimeout 60s
kill "$holder" && wait "$holder" 2>/dev/null
ok "a dead process leaves no lock" mlops status
flock -F -s "$store/lock" sleep 60 &
holder=$!
wait_for 10 sh -c '! flock -n "$1" true' sh "$store/lock"
ok "two can use it at once" mlops status
MLOPS_CORE_LOCKTIMEOUT=100ms run mlops gc --yes
rc_is 5 "and gc waits for all of them"
kill "$holder" && wait "$holder" 2>/dev/null
mlops config --local --unset core.lockTimeout

# A project's own store that another uses: its owner counts, written down or not.
new_project
owner=$PWD
echo owner >f && mlops track f >/dev/null
new_project
mlops config --local core.store "$owner/.mlops/store"
echo guest >g && mlops track g >/dev/null
ok "gc by the guest" collect
(cd "$owner" && rm -f f && mlops checkout) >/dev/null 2>&1
is "$(cat "$owner/f")" owner "keeps what the owner has"
cd "$owner"
ok "gc by the owner" collect
cd "$OLDPWD" && rm -f g && mlops checkout >/dev/null
is "$(cat g)" guest "keeps what the guest has"

# A clone of another user.
if [ "$(id -u)" = 0 ]; then
	cd "$scratch/one" && chown -R 65534 "$scratch/copy"
	ok "gc reads another user's clone" collect
	is "$(stat -c %u "$scratch/copy/.git/HEAD")" 65534 "and leaves it alone"
	chown -R 0 "$scratch/copy" && cd "$scratch/copy" && rm -rf d
	ok "it keeps what that names" mlops checkout
	chmod 777 "$scratch" "$tap_root"
	chown -R 65534 "$scratch/moved"
	chmod 700 "$scratch/one"
	cat >"$tap_root/other" <<'OTHER'
cd "$1" && export HOME=/nowhere && git config --file .git/config safe.directory '*'
echo theirs >d/1 && mlops track d && mlops verify || exit 1
mlops gc 2>&1
[ $? = 3 ]
OTHER
	as_other="setpriv --reuid 65534 --regid 0 --clear-groups"
	case $(dirname "$tap_root") in */mlops-run.*) chmod 711 "$(dirname "$tap_root")" ;; esac
	if $as_other test -x "$MLOPS" -a -r "$tap_root/other"; then
		ok "another user of the group uses the store" $as_other sh "$tap_root/other" "$scratch/moved"
		like "$tap_root/ok" "'$scratch/[a-z]*'.*cannot be read: Permission denied" \
			"and gc refuses when it cannot read all clones"
	else
		skip "another user cannot run the program here" "another user of the group uses the store"
	fi
	ok "one who can goes on" collect
else
	skip "only root can" "gc reads another user's clone"
fi

# Pointers that only a linked work tree has.
cd "$owner" && git add -A && git commit -qm owner && git worktree add -q ../side HEAD
cd ../side && echo linked >l && mlops track l >/dev/null && git rm -q --cached l.mlops
cd "$owner"
ok "gc in the main work tree" collect
cd ../side && rm l && ok "a pointer of a linked one keeps" mlops checkout l
done_testing
