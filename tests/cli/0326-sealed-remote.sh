# Objects that leave sealed: to a folder and to a server, from a plain store and from a sealed one.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

(umask 077 && openssl rand -hex 32 >"$HOME/key" && openssl rand -hex 32 >"$HOME/other")
damage() { # FILE OFFSET
	chmod u+w "$1" && cp "$1" "$tap_root/saved"
	flip "$1" "$2"
}
mend() { cat "$tap_root/saved" >"$1"; }

# holds_nothing DIR: no content, no name and no hash of what is tracked is there to be read.
holds_nothing() {
	# In megabytes of noise four letters may well be found.
	find "$1" -type f -size -1000k -exec grep -lE 'row [1-9]|mlops-tree|deep' {} + | grep -q . && return 1
	everything=$(find "$1")$(find "$1" -type f -exec od -An -v -tx1 {} + | tr -d ' \n')
	for oid in $(find data large.bin -type f -exec sha256sum {} + | cut -c-64); do
		case $everything in *"$oid"*) return 1 ;; esac
	done
}

make_data
far=$scratch/far
mlops remote add origin "$far"
mlops config remote.origin.encryption aes-256-gcm
git add . && git commit -qm remote
run mlops push
rc_is 1 "without a key"
like "$err" "there is no key, and remote 'origin' is sealed" "nothing is sent"
ok "at all" test ! -e "$far"
mlops config --local core.keyFile "$HOME/key"
run mlops push --json
rc_is 0 "a push from a plain store"
json_is 'd["objects"]' 16 "of all objects"
ok "tells nothing" holds_nothing "$far"
ok "what was there plain is not" test ! -e "$far/objects"
is "$(find "$far/sealed" -type f | wc -l)" 17 "each is there once, and the mark"
run mlops push --json
json_is 'd["objects"], d["present"]' '[0,2]' "again: it is known what is there"
ok "check" mlops remote check
large=$(find "$far/sealed" -type f -size +1000k)
ok "an independent reader opens it" sh -c "python3 -B '$tap_src/tests/lib/unseal.py' '$HOME/key' \
	$(sha256sum large.bin | cut -c-64) '$large' | cmp - large.bin"

clone
run mlops pull
rc_is 1 "a clone has the setting but not the key"
like "$err" "there is no key, and remote 'origin' is sealed" "it says so"
export MLOPS_KEY_FILE="$HOME/other"
for command in pull push "remote check"; do
	run mlops $command
	rc_is 1 "another key: $command"
	like "$err" "the key does not fit: remote 'origin' was sealed with key [0-9a-f]{16}, this key is [0-9a-f]{16}" "is told"
done
is "$(find "$far/sealed" -type f | wc -l)" 17 "and nothing was sent with it"
export MLOPS_KEY_FILE="$HOME/key"
ok "with the key" mlops pull
same_data "the same data"

# From and to a sealed store, with a key of its own.
clone
unset MLOPS_KEY_FILE
mlops config core.encryption chacha20-poly1305
mlops config --local core.keyFile "$HOME/other"
run mlops pull
rc_is 1 "the store's key is not the remote's"
mlops config --local remote.origin.keyFile "$HOME/key"
ok "a key for each" mlops pull
same_data "the same data"
ok "the store is sealed too" mlops verify
head -c 2000000 /dev/urandom >large.bin && echo more >data/f1 && mlops track data large.bin >/dev/null
ok "a push from a sealed store" mlops push
simple_folder "$scratch/plain"
mlops remote add plain "$scratch/plain"
ok "to a plain remote" mlops push -r plain
ok "which holds what it always did" test -f "$scratch/plain/objects/$(sha256sum large.bin | sed 's/^\(..\)\([0-9a-f]*\).*/\1\/\2/')"
git add . && git commit -qm more && origin=$PWD

# Damage over there.
large=$(find "$far/sealed" -type f -size +1000k -newer "$HOME/other" -size -2800k)
for at in 0 20 60 100 200 1000000; do
	clone
	mlops config --unset core.encryption
	export MLOPS_KEY_FILE="$HOME/key"
	damage "$large" "$at"
	run mlops pull
	rc_is 3 "a changed byte at the remote: $at"
	like "$err" "remote 'origin' holds a damaged object [0-9a-f]{64}" "is damage of the object"
	mend "$large"
done
chmod u+w "$large" && cp "$large" "$tap_root/saved" && truncate -s $((112 + 65552)) "$large"
run mlops pull
rc_is 3 "chunks cut off"
mend "$large"
ok "mended" mlops pull
same_data "all is well"
damage "$large" 500000
damage_of=$(sha256sum large.bin | cut -c-8)
rm -rf .mlops/store large.bin && mlops pull >/dev/null 2>&1
fails "nothing of a damaged object came out ($damage_of)" test -e large.bin
mend "$large"
mark=$far/sealed/00/$(printf %062d 0)
damage "$mark" 20
run mlops pull
rc_is 3 "a damaged mark"
like "$err" "the mark of remote 'origin', which tells the key that fits, is damaged" "is told"
mend "$mark"

# A damaged object of a sealed store is had back.
mlops config core.encryption aes-256-gcm
rm -rf .mlops/store && mlops pull >/dev/null
here=$(find .mlops/store/sealed -type f -size +1000k)
damage "$here" 70000
run mlops verify --repair --json
rc_is 0 "verify --repair of a sealed store"
json_is 'd["fetched"], d["lost"], len(d["found"])' '[1,[],1]' "fetches what is damaged"
ok "and all is well" mlops verify

# A server: it has no key, and checks what it can.
make_data
unset MLOPS_KEY_FILE
token=$(mlops server token add all --scope write --data "$scratch/served")
start_server "$scratch/served"
mlops remote add origin "$server_url"
mlops config remote.origin.encryption aes-256-gcm
mlops config --local core.keyFile "$HOME/key"
export MLOPS_REMOTE_TOKEN="$token"
run mlops push --json
rc_is 0 "a push to a server"
json_is 'd["objects"]' 16 "of all objects"
ok "tells it nothing" holds_nothing "$scratch/served/sealed"
run mlops push --json
json_is 'd["objects"]' 0 "again: nothing to send"
git add . && git commit -qm server
clone
mlops config --local core.keyFile "$HOME/key"
ok "a pull from it" mlops pull
same_data "the same data"
kill "$server_pid" && wait "$server_pid" 2>/dev/null
start_server "$scratch/served"
clone
mlops config --local core.keyFile "$HOME/key"
mlops config remote.origin.url "$server_url"
ok "a pull after it was started again" mlops pull
same_data "the same data"

object=$(find "$scratch/served/sealed/sealed" -type f -size +1000k | head -1)
name=$(echo "$object" | sed 's|.*/\(..\)/\([0-9a-f]*\)$|\1\2|')
put() { # NAME FILE: the status
	curl -s -m 20 -o "$out" -w '%{http_code}' -H "Authorization: Bearer $token" -T "$2" "$server_url/v1/sealed/$1"
}
is "$(put "$name" "$object")" 201 "what is sealed is taken under its name"
is "$(put "$(printf %064d 7)" "$object")" 400 "not under another"
head -c $((112 + 65552 + 9)) "$object" >cut
is "$(put "$name" cut)" 400 "nor cut short"
is "$(put "$(sha256sum large.bin | cut -c-64)" large.bin)" 400 "nor what is not sealed"
is "$(curl -s -m 20 -o part -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Range: bytes=4-7' "$server_url/v1/sealed/$name")" \
	206 "ranges are answered"
is "$(od -An -tu4 part | tr -d ' ')" 1 "as they are"
is "$(curl -s -m 20 -o "$out" -w '%{http_code}' -H "Authorization: Bearer $token" "$server_url/v1/objects/$name")" 404 \
	"names of seals and of content are apart"

done_testing
