# A sealed store: what is in it tells nothing, what comes out of it is right, and what was done to it shows.
. "$(dirname "$0")/../lib/tap.sh"

new_key() { (umask 077 && openssl rand -hex 32 >"$1"); }
damage() { # FILE OFFSET
	chmod u+w "$1" && cp "$1" "$tap_root/saved"
	flip "$1" "$2"
}
mend() { cat "$tap_root/saved" >"$1" && chmod 444 "$1"; }

new_project
new_key "$HOME/key" && new_key "$HOME/other"
mlops config core.encryption aes-256-gcm
mkdir -p d/sub d/empty
seq 1 9000 >d/numbers && printf '' >d/nothing && echo "top secret" >d/sub/f && ln -s numbers d/link
echo run >d/run && chmod +x d/run
head -c 65536 /dev/zero >d/one-chunk && head -c 2000000 /dev/zero >d/big

run mlops track d
rc_is 1 "no key, no store"
like "$err" "there is no key, and store '.*' is sealed" "it says so"
like "$err" "core.keyFile" "and how to name one"

# shellcheck disable=SC2088 # mlops expands it
mlops config --local core.keyFile "~/key"
ok "tracking with a key" mlops track d
ok "nothing is stored plain" test ! -e .mlops/store/loose
big=$(find .mlops/store/sealed -size +1000k)
pack=$(find .mlops/store/packs -name '*.pack')
ok "a large object has a file of its own" test -f "$big"
fails "no content is there to be read" grep -rqE 'top secret|numbers|8999' .mlops/store
names=$(find d -type f -exec sha256sum {} + | cut -c-64)
hex=$(od -An -v -tx1 "$pack" | tr -d ' \n')$(find .mlops/store)
found=0
for name in $names; do case $hex in *"$name"*) found=1 ;; esac; done
is "$found" 0 "no hash of content either"
is "$(stat -c %s "$big")" $((112 + 2000000 + 31 * 16)) "a seal costs 112 bytes, and 16 for 64 KiB"

run mlops verify --json
rc_is 0 "verify"
schema_ok verify.json
json_is 'd["objects"], d["plain"], d["unopened"]' '[10,0,0]' "every object, opened"
cp -a d "$tap_root/d" && rm -rf d
ok "checkout" mlops checkout d
ok "the same comes out" diff -r --no-dereference d "$tap_root/d"
ok "by an independent reader, written from the manual, too" \
	python3 -B "$tap_src/tests/lib/reader.py" .mlops/store d.mlops copy "$HOME/key"
ok "the same" diff -r --no-dereference d copy
echo more >>d/sub/f
ok "changing goes on" mlops track d
ok "small objects that lie alone" mlops verify
is "$(mlops status --json | grep -c modified)" 0 "status is clean"

# Keys from everywhere.
mlops config --local core.keyFile "$HOME/none"
run mlops verify
rc_is 1 "a key file that is not there"
like "$err" "cannot open the key file '.*none': No such file" "it is named"
MLOPS_KEY=$(cat "$HOME/key") ok "from the environment" mlops verify
MLOPS_KEY=$(python3 -c 'import base64, sys; print(base64.b64encode(bytes.fromhex(sys.stdin.read())).decode())' <"$HOME/key") \
	ok "as base64" mlops verify
MLOPS_KEY_FILE=$HOME/key ok "a file from the environment" mlops verify
mlops config --local --unset core.keyFile
mlops config --local core.keyCommand "cat '$HOME/key'"
ok "from a command" mlops verify
mlops config --local core.keyCommand "exit 7"
run mlops track d
rc_is 1 "a command that fails"
like "$err" "the key command failed \(exit 7\)" "is told"
mlops config --local --unset core.keyCommand
for setting in keyFile keyCommand; do
	mlops config core.$setting "touch $HOME/ran; cat $HOME/key"
	run mlops track d
	rc_is 1 "core.$setting in the shared settings"
	like "$err" "in .mlops/config, which is shared" "is not taken"
	ok "nor run" test ! -e "$HOME/ran"
	mlops config --unset core.$setting
done
cp "$HOME/key" "$HOME/open" && chmod 644 "$HOME/open"
MLOPS_KEY_FILE=$HOME/open run mlops track d
rc_is 1 "a file that others can read"
like "$err" "can be read or changed by others .mode 0644" "is no secret"
MLOPS_KEY=correct-horse run mlops track d
rc_is 1 "what is no key"
like "$err" "the variable MLOPS_KEY holds no key" "is told"
unlike "$err" "horse" "without the text"

# A key that does not fit is not damage, and damage is no wrong key.
export MLOPS_KEY_FILE="$HOME/other"
rm -rf d
for command in "checkout d" "track d" status; do
	run mlops $command
	rc_is 1 "another key: $command"
	like "$err" "the key does not fit: store '.*' was sealed with key [0-9a-f]{16}, this key is [0-9a-f]{16}" "both are named"
done
run mlops verify
rc_is 1 "verify without the key that fits"
like "$err" "of 13 sealed objects only the form was checked" "says what it could not"
like "$out" "^13 objects, .* 0 damaged" "and checks the form"
run mlops verify --json
rc_is 1 "as JSON"
json_is 'd["unopened"]' 13 "the count"
damage "$big" 20
run mlops verify
rc_is 3 "a damaged header shows without the key"
mend "$big"
export MLOPS_KEY_FILE="$HOME/key"
ok "the key that fits" mlops checkout d

for at in 0 4 8 12 17 30 60 90 105 112 100000 2000400; do
	damage "$big" "$at"
	run mlops verify
	rc_is 3 "a changed byte of a sealed file: $at"
	like "$out" "damaged: sealed object [0-9a-f]{64}: " "is damage"
	mend "$big"
done
damage "$big" 1000000 && rm d/big
run mlops checkout d
rc_is 3 "damage at checkout"
like "$err" "object sha256:[0-9a-f]{64} is damaged" "names the object"
fails "and nothing of it comes out" test -e d/big
mend "$big"
damage "$big" 0 && truncate -s $((112 + 30 * 65552)) "$big"
run mlops verify
rc_is 3 "chunks that were cut off"
mend "$big"
for at in 64 80 120 200 400; do
	damage "$pack" "$at"
	run mlops verify
	rc_is 3 "a changed byte of a sealed object in a pack: $at"
	mend "$pack"
done
mark=.mlops/store/sealed/key
damage "$mark" 18
run mlops status
rc_is 3 "a damaged mark"
like "$err" "which tells the key that fits, is damaged" "is told"
mend "$mark"
ok "all is well again" mlops verify

run mlops doctor --json
json_is '[c["found"] for c in d["checks"] if c["name"] == "encryption"][0][:16]' "aes-256-gcm, key" "doctor tells"
# The other cipher; both can lie in one store.
mlops config core.encryption chacha20-poly1305
head -c 3000000 /dev/zero >d/third && mlops track d >/dev/null
ok "another cipher" mlops verify
rm -rf d copy && mlops checkout d >/dev/null
ok "is read by the reader too" python3 -B "$tap_src/tests/lib/reader.py" .mlops/store d.mlops copy "$HOME/key"
ok "with the same bytes" diff -r --no-dereference d copy

# Collecting and joining: what is named stays, sealed as it is.
git add -A . && git commit -qm one
echo gone >d/sub/new && head -c 1600000 /dev/zero | tr '\0' g >d/gone && mlops track d >/dev/null
rm d/gone d/sub/new && mlops track d >/dev/null
run mlops gc --keep-within 0 --yes --json
rc_is 0 "gc"
json_is 'd["objects"] >= 4' true "collects what nothing names"
run mlops repack --json
rc_is 0 "repack"
run mlops verify --json
rc_is 0 "all that is left is whole"
json_is 'd["absent"], d["plain"]' '[[],0]' "and all is there that is named"
rm -rf copy && cp -a d copy && rm -rf d && mlops checkout d >/dev/null
ok "and comes out" diff -r --no-dereference d copy
rm -rf copy

# Settings that cannot be.
mlops config core.encryption rot13
run mlops status
rc_is 1 "a cipher that is not known"
like "$err" "takes off, aes-256-gcm or chacha20-poly1305, not 'rot13'" "is told"
mlops config core.encryption aes-256-gcm
mlops config core.link hardlink
run mlops status
rc_is 1 "hard links of what is sealed"
like "$err" "a sealed object cannot be linked" "cannot be"
mlops config --unset core.link
mlops config core.encryption off
run mlops status
rc_is 1 "turned off"
like "$err" "is off, and the objects in '.*' are sealed" "with sealed objects there"
mlops config --unset core.encryption
ok "a store that is sealed stays so without the setting" mlops status
new_project
echo x >f && mlops track f >/dev/null
mlops config core.encryption aes-256-gcm
run mlops status
rc_is 1 "turned on"
like "$err" "is aes-256-gcm, and the objects in '.*' are not sealed" "with plain objects there"
like "$err" "mlops reseal" "what to do"

done_testing
