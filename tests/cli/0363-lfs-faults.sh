# A Git LFS server that fails, stalls or lies: what passes is tried again, what is wrong is found, and
# nothing half-done is left.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

start_cloud
mlops lfs install >/dev/null
git init -q --bare "$scratch/origin.git"
git init -q "$scratch/repo" && cd "$scratch/repo" && git remote add origin "$scratch/origin.git"
mlops lfs install --local >/dev/null
mlops lfs track '*.bin' >/dev/null
git config -f .lfsconfig lfs.url "$cloud_url/lfs"
mkdir many && for n in $(seq 20); do echo "file $n" >"many/$n.bin"; done
head -c 3000000 /dev/urandom >large.bin
git add . && git commit -qm one
oid=$(sha256sum <large.bin | cut -c-64)

echo 'PUT lfs-store 503 2
POST batch 429 1
POST verify 500 1' >"$cloud/faults"
run git push -q origin main
rc_is 0 "a push that fails at first"
rm "$cloud/faults"
like "$(cat "$cloud/log")" "POST /lfs/verify 200" "the server is asked to verify"
run mlops lfs push --all --json origin
json_is 'd["objects"]' 0 "all of it is there"

# fresh: a clone of pointers as current folder.
fresh() {
	clones=$((${clones:-0} + 1))
	GIT_LFS_SKIP_SMUDGE=1 git clone -q "$scratch/origin.git" "$scratch/clone$clones" && cd "$scratch/clone$clones"
	git config lfs.activitytimeout 1
	: >"$cloud/log"
}
same() { ok "$1" sh -c "diff -r '$scratch/repo/many' many && cmp '$scratch/repo/large.bin' large.bin"; }
whole() { # whole NAME: nothing half-done is there
	is "$(find .git/lfs/tmp -type f 2>/dev/null | wc -l)" 0 "$1: nothing is left over"
	is "$(find .git/lfs/objects -type f | while read -r f; do [ "$(sha256sum <"$f" | cut -c-64)" = "${f##*/}" ] || echo "$f"; done)" \
		"" "$1: what is here is whole"
}

# passes FAULT METHOD REGEX COUNT: the fault, so often, costs nothing but time.
passes() {
	fresh
	echo "$2 $3 $1 $4" >"$cloud/faults"
	rm -f large.bin many/*
	ok "$1 $2 ${3##*/}: checkout" git checkout -q -- .
	rm "$cloud/faults"
	same "$1 $2 ${3##*/}: with identical bytes"
	whole "$1 $2 ${3##*/}"
}
for fault in 503 short stall reset; do
	passes "$fault" GET "/lfs-store/" 2
done
passes die POST batch 2
passes over POST batch 1
passes stale POST batch 1
fresh
echo "GET /lfs-store/$oid short 1" >"$cloud/faults"
ok "a large file that breaks off" mlops lfs pull
rm "$cloud/faults"
like "$(cat "$cloud/log")" "GET /lfs-store/$oid 206 .*range=bytes=[0-9]+-" "goes on where it broke off"
same "with identical bytes"

# stops FAULT METHOD REGEX TEXT: what is wrong ends it.
stops() {
	fresh
	echo "$2 $3 $1" >"$cloud/faults"
	run mlops lfs pull
	isnt "$rc" 0 "$1 $2 ${3##*/}: it fails"
	like "$err" "$4" "$1 $2 ${3##*/}: the error says what"
	rm -f large.bin
	run git checkout -q -- large.bin
	isnt "$rc" 0 "$1 $2 ${3##*/}: and so does a checkout"
	rm "$cloud/faults"
	whole "$1 $2 ${3##*/}"
	ok "$1 $2 ${3##*/}: the next pull succeeds" mlops lfs pull
	same "$1 $2 ${3##*/}: with identical bytes"
}
stops corrupt GET "/lfs-store/$oid" "not what its name says"
stops long GET "/lfs-store/$oid" "sent more than 3000000 bytes"
stops 403 GET "/lfs-store/$oid" "HTTP 403"
stops 404 GET "/lfs-store/$oid" "HTTP 404"
stops junk POST batch "no JSON"
stops none POST batch "says nothing of it"
stops other POST batch "not basic ones"
is "$(grep -c authorization=- "$cloud/log")" "$(wc -l <"$cloud/log")" "nothing that lets in went anywhere"

# Names and passwords are for the server alone.
echo "Basic $(printf 'me:secret-of-me' | base64)" >"$cloud/auth"
fresh
git config lfs.url "http://me:secret-of-me@${cloud_url#http://}/lfs"
ok "a name and password in the URL" mlops lfs pull
like "$(cat "$cloud/log")" "POST /lfs/objects/batch 200 authorization=Basic" "go to the server"
unlike "$(grep GET "$cloud/log")" "authorization=Basic" "and not along with its links"
fresh
run mlops lfs pull
rc_is 4 "without them it refuses"
like "$err" "HTTP 401" "as not authorized"
git config credential.helper "!f() { test \$1 = get && echo username=me && echo password=secret-of-me; }; f"
ok "with a credential helper it does not" mlops lfs pull

# Over ssh: a program tells where it is and what lets in.
cat >"$tap_root/bin/fake-ssh" <<'SSH'
#!/bin/sh
printf '%s\n' "$@" >"$TMPDIR/ssh-args"
cat "$TMPDIR/ssh-says"
exit "$(cat "$TMPDIR/ssh-exit")"
SSH
chmod +x "$tap_root/bin/fake-ssh"
echo 0 >"$TMPDIR/ssh-exit"
printf '{"href":"%s/lfs","header":{"Authorization":"%s"},"expires_in":60}' "$cloud_url" "$(cat "$cloud/auth")" >"$TMPDIR/ssh-says"
fresh
git rm -q .lfsconfig && git commit -qm unset
git remote set-url origin ssh://git@example.org:2222/team/models.git
git config core.sshCommand fake-ssh
ok "git-lfs-authenticate is asked over ssh" mlops lfs pull
same "and what it says holds"
is "$(tr '\n' ' ' <"$TMPDIR/ssh-args")" "-p 2222 git@example.org git-lfs-authenticate /team/models.git download " \
	"it is called as git-lfs does"
rm -rf .git/lfs
git remote set-url origin git@example.org:-oProxyCommand=x
ok "a path is no option" mlops lfs fetch
rm -rf .git/lfs
git remote set-url origin ssh://-oProxyCommand=x/repo
run mlops lfs fetch
rc_is 1 "nor is a host"
git remote set-url origin git@example.org:team/models
echo 1 >"$TMPDIR/ssh-exit"
run mlops lfs fetch
rc_is 4 "when ssh fails that is the error"
like "$err" "over ssh ended with 1" "which says so"

done_testing
