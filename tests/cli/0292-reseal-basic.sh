# Encrypting a store that has data, changing its key, decrypting it.
. "$(dirname "$0")/../lib/tap.sh"

new_key() { (umask 077 && openssl rand -hex 32 >"$1"); }
whole() { # NAME: verify passes and the data come out of the store as they went in
	run mlops verify --json
	rc_is 0 "$1: verify"
	json_is 'd["objects"], d["plain"], d["unopened"]' '[7,0,0]' "$1: all objects, in one form"
	rm -rf d && mlops checkout d >/dev/null
	ok "$1: the data" diff -r --no-dereference d "$tap_root/d"
}

new_project
new_key "$HOME/key" && new_key "$HOME/other"
mkdir -p d/sub && echo "top secret" >d/sub/f && seq 1 9000 >d/numbers && printf '' >d/nothing
head -c 2000000 /dev/zero >d/big && ln -s numbers d/link
mlops track d >/dev/null
cp -a d "$tap_root/d"

run mlops reseal --json
rc_is 0 "nothing asked for"
schema_ok reseal.json
json_is 'd["objects"]' 0 "nothing done"

mlops config core.encryption aes-256-gcm
run mlops reseal
rc_is 1 "without a key"
like "$err" "there is no key" "it says so"
mlops config --local core.keyFile "$HOME/key"
run mlops reseal --dry-run --json
schema_ok reseal.json
json_is 'd["objects"], d["dry_run"]' '[7,true]' "a dry run counts"
ok "and does nothing" test ! -e .mlops/store/sealed
like "$(mlops reseal)" "^7 objects, 1.9 MiB, were written anew" "sealing"
ok "no plain file is left" test ! -e .mlops/store/loose
fails "no content either" grep -rqE 'top secret|8999' .mlops/store
whole sealed
like "$(mlops reseal)" "^0 objects" "again: nothing to do"

mlops config --local core.keyFile "$HOME/other"
run mlops reseal
rc_is 1 "a new key alone"
like "$err" "are sealed with key [0-9a-f]{16}, which is not given" "the old one is needed"
like "$err" "reseal --old-key" "it says how"
(export MLOPS_KEY_FILE="$HOME/key" && mlops verify >/dev/null)
is $? 0 "nothing has changed"
ok "with the old one" mlops reseal --old-key "$HOME/key"
whole "another key"
MLOPS_KEY_FILE=$HOME/key run mlops status
rc_is 1 "the old key fits no more"

mlops config core.encryption off
ok "decrypting" mlops reseal
ok "nothing sealed is left" test ! -e .mlops/store/sealed
mlops config --unset core.encryption
mlops config --local --unset core.keyFile
whole plain

# Damage stops it before anything is removed.
mlops config core.encryption chacha20-poly1305
export MLOPS_KEY_FILE="$HOME/key"
big=$(find .mlops/store/loose -type f -size +1000k)
cp "$big" "$tap_root/big" && chmod u+w "$big" && printf x | dd of="$big" bs=1 seek=9 conv=notrunc status=none
files=$(find .mlops/store -name '*.idx' -o -path '*/loose/*' -type f)
run mlops reseal
rc_is 3 "a damaged object"
like "$err" "object sha256:[0-9a-f]{64} is damaged" "is named"
# shellcheck disable=SC2086
ok "nothing is gone" ls $files
cat "$tap_root/big" >"$big"
ok "mended, it goes on from there" mlops reseal
whole "the other cipher"

done_testing
