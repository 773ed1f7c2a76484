# What push and pull do when objects are missing or damaged, here or there.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
simple_folder "$scratch/far"
mlops remote add origin "$scratch/far"
mlops push >/dev/null
object() { echo "$scratch/far/objects/$(sha256sum <"$1" | sed 's/^\(..\)\([0-9a-f]*\).*/\1\/\2/')"; }
f1=$(object data/f1) large=$(object large.bin)

clone
chmod u+w "$f1" "$large"
cp "$f1" "$scratch/f1"
echo 'row X' >"$f1"
run mlops pull
rc_is 3 "a damaged object is told from a good one"
like "$err" "damaged" "and named so"
ok "nothing damaged was stored" mlops verify
rm "$f1"
run mlops pull
rc_is 1 "a missing object is an error"
like "$err" "lacks 1 of the objects.*data/f1|lacks 1 of the objects.*'f1'" "which names it"
cp "$scratch/f1" "$f1"
clone
truncate -s 1000000 "$large"
run mlops pull
rc_is 3 "a short one is damaged too"
(cd "$origin" && mlops push large.bin >/dev/null)
ok "a push mends it" mlops pull
same_data "then all is well"

# Objects that are in no place.
make_data
simple_folder "$scratch/far2"
mlops remote add origin "$scratch/far2"
rm -rf .mlops/store && mlops track large.bin >/dev/null
run mlops push
rc_is 1 "what is neither here nor there is an error at the end"
like "$err" "neither here nor at remote" "it says so"
ok "the rest was sent" test -e "$scratch/far2/objects/$(sha256sum <large.bin | sed 's/^\(..\)\([0-9a-f]*\).*/\1\/\2/')"
mlops track data >/dev/null
ok "once it is there, it is sent" mlops push

# A part of a tree is gone: the tree is not sent, since a tree at a remote is whole.
make_data
simple_folder "$scratch/far3"
mlops remote add origin "$scratch/far3"
mv .mlops/store "$scratch/whole-store"
mlops track large.bin data >/dev/null
mkdir -p "$scratch/part" && cp -r data "$scratch/part/"
head -c 2000000 /dev/zero >data/gone && mlops track data >/dev/null
find .mlops/store/loose -type f -size 2000000c -delete
run mlops push
rc_is 1 "a tree that lists a missing object"
like "$err" "'gone'" "the object's path is named"
sent=$(find "$scratch/far3/objects" -type f | wc -l)
is "$sent" 13 "all files are sent and no tree"
head -c 2000000 /dev/zero >"$scratch/again" && rm data/gone && cp "$scratch/again" data/gone
mlops track data >/dev/null
ok "when it is back, the push is whole" mlops push
git add . && git commit -qm gone
clone
ok "and can be pulled" mlops pull
same_data "with identical bytes"

# What is there needs not be here.
clone
run mlops push
rc_is 0 "a clone that never pulled has nothing to add"

done_testing
