# verify --repair of a sealed store: what the key opens survives, the rest is fetched and sealed again.
. "$(dirname "$0")/../lib/tap.sh"

new_project
(umask 077 && openssl rand -hex 32 >"$HOME/key")
mlops config core.encryption aes-256-gcm
mlops config --local core.keyFile "$HOME/key"
mkdir d && for i in 1 2 3 4; do seq "$i" 900 >"d/f$i"; done && yes x | head -c 1500000 >d/big
mlops track d >/dev/null && git add -A && git commit -qm one
mlops remote add origin "$scratch/far" && mlops push >/dev/null
cp -a d "$scratch/d" && cp -a .mlops/store "$scratch/whole" && chmod -R u+w "$scratch/whole"

fresh() {
	rm -rf .mlops/store && cp -a "$scratch/whole" .mlops/store
	big=$(find .mlops/store/sealed -size +1000k)
	pack=$(find .mlops/store/packs -name '*.pack') idx=$(find .mlops/store/packs -name '*.idx')
}
flip() { printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
mended() { # NAME FETCHED
	run mlops verify --repair --json
	rc_is 0 "$1: repaired"
	json_is 'd["ok"], d["damaged"], d["lost"], d["fetched"], d["plain"]' "[true,[],[],$2,0]" "$1: $2 fetched, and sealed"
	ok "$1: nothing is kept aside" test ! -e .mlops/store/damaged
	rm -rf d && ok "$1: all bytes are back" sh -c "mlops checkout && diff -r d '$scratch/d'"
}

fresh && flip "$big" 5000 && mended "a bit of a large object" 1
fresh && flip "$pack" 300 && mended "a bit of a packed object" 1
fresh && flip "$pack" 10 && mended "a name in a pack" 0
fresh && rm "$idx" && mended "an index that is gone" 0

# Without the key nothing is touched.
fresh && flip "$pack" 300 && mv "$HOME/key" "$HOME/away"
find .mlops/store -type f -exec sha256sum {} + | sort >"$tap_root/before"
run mlops verify --repair
rc_is 1 "no key, no repair"
find .mlops/store -type f -exec sha256sum {} + | sort >"$tap_root/after"
ok "nothing is moved" cmp "$tap_root/before" "$tap_root/after"

done_testing
