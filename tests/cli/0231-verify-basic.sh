# Checking the store: damage of every kind is found, what is only absent is no damage.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir d && echo a >d/a && echo b >d/b && head -c 1500000 /dev/urandom >d/big
mlops track d >/dev/null
run mlops verify --json
rc_is 0 "a whole store"
schema_ok verify.json
json_is 'd["ok"], d["objects"], d["damaged"], d["absent"]' '[true,4,[],[]]' "four objects, no damage"
like "$(mlops verify)" '^4 objects, 1.4 MiB, 0 damaged' "as text"

damage() { # FILE OFFSET
	chmod u+w "$1" && cp "$1" "$tap_root/saved"
	flip "$1" "$2"
}
mend() { cat "$tap_root/saved" >"$1" && chmod 444 "$1"; }
loose=$(find .mlops/store/loose -type f)
pack=$(find .mlops/store -name '*.pack')
idx=$(find .mlops/store -name '*.idx')

damage "$loose" 1000000
run mlops verify
rc_is 3 "a changed byte of a large object: exit 3"
like "$out" "^damaged: object sha256:.* is damaged" "it is named"
run mlops verify --json
rc_is 3 "as JSON too"
schema_ok verify.json
json_is 'd["ok"], len(d["damaged"])' '[false,1]' "one fault"
mend "$loose"

for at in 0 5 10 40 50 60 64 70; do
	damage "$pack" "$at"
	run mlops verify
	rc_is 3 "a changed byte of a pack: $at"
	mend "$pack"
done
damage "$idx" 1100
run mlops verify
rc_is 3 "a changed byte of an index"
mend "$idx"
ok "mended" mlops verify

damage "$pack" 0 && truncate -s -1 "$pack"
run mlops verify
rc_is 3 "a pack that is too short"
mend "$pack"
mv "$pack" "$tap_root/pack"
run mlops verify
rc_is 3 "an index without its pack"
mv "$tap_root/pack" "$pack"

echo stray >.mlops/store/loose/stray
run mlops verify
rc_is 3 "a file that is no object"
like "$out" "does not belong" "is named"
rm .mlops/store/loose/stray

rm -f "$loose"
run mlops verify --json
rc_is 0 "an object that is not here is no damage"
json_is '[(a["what"], a["objects"]) for a in d["absent"]]' '[["d",1]]' "but is told"
like "$(mlops verify)" "^not here: d \(1 object" "as text too"

done_testing
