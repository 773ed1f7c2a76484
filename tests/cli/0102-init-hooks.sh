# Hooks of git: installed beside those that are there, and taken out again without a trace.
. "$(dirname "$0")/../lib/tap.sh"

new_project
run mlops init --hooks --json
rc_is 0 "hooks are installed"
schema_ok init.json
json_is 'd["hooks"], d["created"]' '["installed",false]' "it says so"
for hook in post-checkout post-merge post-rewrite pre-push; do
	ok "$hook can be run" test -x .git/hooks/$hook
	ok "$hook is a shell script" sh -n .git/hooks/$hook
done
run mlops init --hooks --json
json_is 'd["hooks"]' null "again changes nothing"
like "$(mlops init --hooks)" "installed already" "as text too"
run mlops init --hooks --remove-hooks
rc_is 2 "both at once is wrong usage"
run mlops init --remove-hooks
rc_is 0 "they are taken out"
is "$(find .git/hooks -type f ! -name '*.sample')" "" "nothing is left of them"
like "$(mlops init --remove-hooks)" "removed already" "again changes nothing"

cat >.git/hooks/pre-push <<'HOOK'
#!/usr/bin/env python3
import sys
print("user:", sys.argv[1:], sys.stdin.read().count("\n"), file=sys.stderr)
sys.exit(7)
HOOK
chmod +x .git/hooks/pre-push
printf '#!/bin/sh\nexit 9\n' >.git/hooks/post-merge
cp -r .git/hooks "$tap_root/hooks"
mlops init --hooks >/dev/null
ok "a user's hook is kept, whatever its language" cmp .git/hooks/pre-push.user "$tap_root/hooks/pre-push"
printf 'a 1 b 2\nc 3 d 4' | .git/hooks/pre-push origin url 2>"$err"
is $? 7 "its refusal counts"
like "$err" "user: \['origin', 'url'\] 1" "it gets the arguments and the input"
ok "one that cannot be run is not run" .git/hooks/post-merge 0
mlops init --hooks >/dev/null
mlops init --remove-hooks >/dev/null
ok "all is back as it was" diff -r .git/hooks "$tap_root/hooks"

mlops init --hooks >/dev/null
rm .git/hooks/pre-push
mlops init --hooks >/dev/null
like "$(cat .git/hooks/pre-push)" "mlops hook pre-push" "one that went missing comes back"
cp .git/hooks/pre-push.user .git/hooks/pre-push
run mlops init --hooks
rc_is 1 "two hooks of a user's"
like "$err" "are both there" "are not thrown together"
ok "and both are kept" cmp .git/hooks/pre-push .git/hooks/pre-push.user

printf '#!/bin/sh\necho old\n# hook of mlops: made by another version\n' >.git/hooks/post-checkout
mlops init --hooks >/dev/null 2>&1
unlike "$(cat .git/hooks/post-checkout)" "echo old" "a hook of another version is brought up to date"

new_project
git config core.hooksPath .githooks
mlops init --hooks >/dev/null
ok "core.hooksPath is where they go, from the top of the work tree" test -x .githooks/post-checkout
is "$(find .git/hooks -type f ! -name '*.sample')" "" "and nowhere else"

PATH=/usr/bin:/bin git checkout -q -b without
is $? 0 "without mlops in PATH git works"

mkdir -p "$scratch/repo/part" && cd "$scratch/repo" && git init -q
run mlops init --hooks part
rc_is 0 "a project that is a folder of a repository"
ok "its hooks are the repository's" test -x .git/hooks/pre-push

new_project
like "$(cat .gitattributes)" "^\*\.mlops merge=mlops" "init names the merge driver of pointers"
like "$(cat .gitattributes)" "^mlops\.lock merge=mlops" "and of mlops.lock"
like "$(git config merge.mlops.driver)" "^mlops merge-driver .*%O %A %B %P" "git knows what it is"
git commit -qm project
git clone -q . "$scratch/clone" && cd "$scratch/clone"
run mlops doctor
like "$out" "warn +merge driver +git's settings do not say" "doctor sees that a clone lacks the setting"
like "$out" "merge driver: .*mlops init" "and says what to do"
mlops init >/dev/null
like "$(mlops doctor)" "ok +merge driver" "init in the clone mends it"
is "$(git status --short)" "" "and changes nothing in git"
printf '*.bin binary' >.gitattributes
mlops init >/dev/null
is "$(cat .gitattributes)" "*.bin binary
*.mlops merge=mlops
mlops.lock merge=mlops" "attributes that are there are kept"

done_testing
