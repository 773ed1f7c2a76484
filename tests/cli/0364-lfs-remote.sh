# A Git LFS server as a remote of tracked data: lfs+http://.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
write=$(mlops server token add ann --scope write --data "$data")
read=$(mlops server token add reader --data "$data")
start_server "$data"
make_data
mlops remote add origin "lfs+$server_url/lfs/tracked"
run mlops remote check
rc_is 4 "without a token it refuses"
MLOPS_REMOTE_TOKEN=$write
export MLOPS_REMOTE_TOKEN
ok "with one it answers" mlops remote check
run mlops remote check --write
rc_is 1 "nothing can be removed from it"
run mlops push --json
rc_is 0 "push"
json_is 'd["objects"]' 16 "all of it"
run mlops push --json
json_is 'd["objects"]' 0 "once"
clone
MLOPS_REMOTE_TOKEN=$read
ok "pull" mlops pull
same_data "with identical bytes"
ok "and it verifies" mlops verify

# The file's name there is that of Git LFS.
oid=$(sha256sum <"$origin/large.bin" | cut -c-64)
git init -q "$scratch/lfs" && cd "$scratch/lfs"
git config --global credential.helper "!f() { test \$1 = get && echo username=x && echo password=$read; }; f"
git config lfs.url "$server_url/lfs/tracked"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3000000\n' "$oid" >pointer
mlops lfs smudge -- x <pointer >large.bin
ok "what was tracked is an object of Git LFS" cmp large.bin "$origin/large.bin"

cd "$origin"
(umask 077 && openssl rand -hex 32 >"$scratch/key")
mlops config --local core.keyFile "$scratch/key"
mlops config remote.origin.encryption aes-256-gcm
run mlops push
rc_is 1 "sealed objects cannot be kept there"
like "$err" "no sealed objects" "and it says so"

done_testing
