# mlops lfs and mlops server: push, clone and pull over HTTP, tokens and scopes, locks.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
write=$(mlops server token add ann --scope write --data "$data")
other=$(mlops server token add bob --scope write --data "$data")
read=$(mlops server token add reader --data "$data")
start_server "$data"
lfs=$server_url/lfs/demo
git config --global credential.helper "store --file=$HOME/logins"
# login TOKEN: what git's credential helper knows from now on.
login() { printf 'http://any:%s@%s\n' "$1" "${server_url#http://}" >"$HOME/logins"; }

mlops lfs install >/dev/null
git init -q --bare "$scratch/origin.git"
git init -q "$scratch/repo" && cd "$scratch/repo"
git remote add origin "$scratch/origin.git"
git config -f .lfsconfig lfs.url "$lfs"
mlops lfs install --local >/dev/null
mlops lfs track '*.bin' >/dev/null
mkdir many && for n in $(seq 120); do echo "file $n" >"many/$n.bin"; done
head -c 3000000 /dev/urandom >large.bin
git add . && git commit -qm one

run git push -q origin main
isnt "$rc" 0 "a push that is let in nowhere fails"
like "$err" "HTTP 401" "as not authorized"
like "$err" "no-verify" "and says how to push all the same"
login mlt_wrong
run git push -q origin main
isnt "$rc" 0 "a wrong token is refused"
unlike "$err" mlt_wrong "and not repeated"
is "$(cat "$HOME/logins")" '' "git's helpers forget it"
login "$read"
run git push -q origin main
isnt "$rc" 0 "a token to read cannot push"
like "$err" "HTTP 403" "as forbidden"
login "$write"
run mlops lfs push --dry-run --json
schema_ok lfs-push.json
json_is 'd["objects"]' 121 "what would be sent is told"
run git push -q origin main
rc_is 0 "a token to write can"
like "$err" "121 objects of Git LFS" "and all of it is sent"
run mlops lfs push --all --json origin
json_is '[d["objects"], d["present"]]' '[0,121]' "what is there is not sent again"
is "$(wc -l <"$data/lfs/demo/objects")" 121 "the server knows what the repository has"

login "$read"
run git clone -q "$scratch/origin.git" "$scratch/clone"
rc_is 0 "a clone takes its files from the server"
ok "the large one" cmp "$scratch/clone/large.bin" large.bin
ok "and the many" diff -r many "$scratch/clone/many"
cd "$scratch/clone"
is "$(git status --porcelain)" '' "and nothing differs"
is "$(find .git/lfs/objects -type f | wc -l)" 121 "each is kept"
rm "$HOME/logins"
printf 'machine 127.0.0.1 login any password %s\n' "$read" >"$HOME/.netrc" && chmod 600 "$HOME/.netrc"
rm -rf .git/lfs
ok "netrc lets in too" mlops lfs fetch
rm "$HOME/.netrc"
rm -rf .git/lfs
git config "http.$server_url/.extraHeader" "Authorization: Bearer $read"
ok "and http.extraHeader" mlops lfs fetch
git config --unset "http.$server_url/.extraHeader"
rm -rf .git/lfs
run git -c "lfs.url=http://x:$read@${lfs#http://}" -c alias.f='!mlops lfs fetch' f
rc_is 0 "and a URL with a token"
run git -c "lfs.url=http://x:$read@${lfs#http://}" -c alias.e='!mlops lfs env' e
unlike "$out" "$read" "which is not shown"
rm -rf .git/lfs
login "$read"
run mlops lfs fetch -I 'many/1*' -X '*9.bin'
like "$out" "^29 objects" "a part of the files can be fetched alone"

# An object is of the repository that it was pushed to.
oid=$(sha256sum <large.bin | cut -c-64)
get() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$2"; }
is "$(get "$read" "$lfs/objects/$oid")" 200 "an object can be had"
is "$(get "$read" "$server_url/lfs/another/objects/$oid")" 404 "but not of another repository"
is "$(get mlt_no "$lfs/objects/$oid")" 401 "nor without a token"
batch() { # batch REPO OPERATION TOKEN
	curl -s -H "Authorization: Bearer $3" -d "{\"operation\":\"$2\",\"objects\":[{\"oid\":\"$oid\",\"size\":0}]}" \
		"$server_url/lfs/$1/objects/batch"
}
like "$(batch another upload "$write")" '"upload"' "which has to send it, to have it"
like "$(batch demo download "$read")" '"size":3000000' "the size is the server's"
like "$(batch demo upload "$read")" 'scope read' "a token to read is told so"
like "$(batch ..%2fup download "$read")" 'message' "a name that leads elsewhere is none"
is "$(printf wrong | curl -s -o /dev/null -w '%{http_code}' -T - -H "Authorization: Bearer $write" "$server_url/lfs/another/objects/$oid")" \
	400 "bytes of another name are refused"
is "$(get "$read" "$server_url/lfs/another/objects/$oid")" 404 "and nothing came of them"

# Locks.
cd "$scratch/repo"
login "$write"
mlops lfs track --lockable '*.psd' >/dev/null
echo art >a.psd && echo work >b.psd && git add . && git commit -qm art && git push -q origin main 2>/dev/null
is "$(stat -c %a a.psd)" 444 "a lockable file is read-only"
run mlops lfs lock a.psd --json
schema_ok lfs-lock.json
json_is 'd["locks"][0]["path"]' a.psd "it is locked"
is "$(stat -c %a a.psd)" 644 "and can be written to"
run mlops lfs lock a.psd
rc_is 1 "once"
like "$err" "locked already by ann" "by whom is told"
echo more >>a.psd
run mlops lfs unlock a.psd
rc_is 1 "changes keep it locked"
git commit -qam more
is "$(stat -c %a a.psd)" 644 "after a commit it is still ours"
git clone -q "$scratch/origin.git" "$scratch/bob" 2>/dev/null && cd "$scratch/bob"
ok "a clone has the hooks" test -x .git/hooks/pre-push
is "$(stat -c %a a.psd)" 444 "for others it is read-only"
login "$other"
run mlops lfs locks --verify --json
schema_ok lfs-locks.json
json_is '[(l["path"], l["owner"], l["ours"]) for l in d["locks"]]' '[["a.psd","ann",false]]' "they see whose it is"
run mlops lfs unlock a.psd
rc_is 4 "and cannot end it"
like "$err" "the lock is ann's" "as the server says"
chmod u+w a.psd b.psd && echo theirs >>a.psd && git commit -qam theirs
git config lfs.locksverify true
run git push -q origin HEAD:theirs
isnt "$rc" 0 "a push of what another has locked is stopped"
like "$err" "'a.psd' is locked by ann" "which names it"
git config lfs.locksverify false
ok "unless nobody looks" git push -q origin HEAD:theirs
run mlops lfs unlock --force a.psd
rc_is 0 "a lock can be forced"
run mlops lfs locks --json
json_is 'd["locks"]' '[]' "and is gone"
mlops lfs lock b.psd >/dev/null
run mlops lfs locks --path b.psd
like "$out" "b.psd +bob" "locks are listed"
id=$(mlops lfs locks --path b.psd --json | sed -n 's/.*"id": "\(.*\)".*/\1/p')
kill -TERM "$server_pid" && wait "$server_pid"
start_server "$data"
git config lfs.url "$server_url/lfs/demo"
login "$other"
run mlops lfs locks --id "$id" --json
json_is 'len(d["locks"])' 1 "and outlive the server"
ok "and end by their id" mlops lfs unlock --id "$id"

done_testing
