# mlops status and checkout of what *.dvc files track.
. "$(dirname "$0")/../lib/tap.sh"

sum() { md5sum "$1" | cut -c1-32; }
object() { echo ".dvc/cache/files/md5/$(echo "$1" | cut -c1-2)/$(echo "$1" | cut -c3-)"; }
cached() { # cached FILE [MD5]: puts it into the cache
	tap_object=$(object "${2:-$(sum "$1")}")
	mkdir -p "$(dirname "$tap_object")" && cp "$1" "$tap_object" && chmod 444 "$tap_object"
}

new_project
mkdir .dvc in data data/sub
printf '[cache]\n    type = copy\n' >.dvc/config
printf 'one\n' >in/one.csv
printf 'x\n' >data/x
printf 'z\n' >data/sub/z
printf '#!/bin/sh\n' >tool
chmod +x tool
cached in/one.csv
cached data/x
cached data/sub/z
cached tool
printf '[{"md5": "%s", "relpath": "sub/z"}, {"md5": "%s", "relpath": "x"}]' "$(sum data/sub/z)" "$(sum data/x)" >listing
dir=$(sum listing).dir
cached listing "$dir"
rm listing
printf 'outs:\n- md5: %s\n  size: 4\n  hash: md5\n  path: one.csv\n' "$(sum in/one.csv)" >in/one.csv.dvc
printf 'outs:\n- md5: %s\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: data\n' "$dir" >data.dvc
printf 'outs:\n- md5: %s\n  size: 10\n  isexec: true\n  hash: md5\n  path: tool\n' "$(sum tool)" >tool.dvc
printf 'own\n' >own
mlops track -q own
printf '/data\n/tool\n' >>.gitignore
git add -A && git commit -qm start

run mlops status --exit-code
rc_is 0 "nothing differs"
is "$(cat "$out")" "nothing has changed" "and that is said"
printf 'two\n' >in/one.csv
printf 'y\n' >data/x
rm data/sub/z
: >data/new
rm tool
printf 'other\n' >own
run mlops status --exit-code
rc_is 3 "all kinds of differences"
is "$(cat "$out" | tr '\n' '|')" "modified: own|added: data/new|deleted: data/sub/z|modified: data/x|modified: in/one.csv|missing: tool|" "each is told"
is "$(mlops status data | tr '\n' '|')" "added: data/new|deleted: data/sub/z|modified: data/x|" "of one folder"
is "$(mlops status data/x own | tr '\n' '|')" "modified: own|modified: data/x|" "of a file in it, and one of ours"
is "$(mlops status in | tr '\n' '|')" "modified: in/one.csv|" "of a folder above"
is "$(cd in && mlops status one.csv --short)" " M in/one.csv" "in letters"
run mlops status --json data
is "$(python3 -c 'import json,sys; print([c["target"] for c in json.load(open(sys.argv[1]))["changes"]])' "$out")" \
	"['data', 'data', 'data']" "with their target in JSON"
run mlops status nothing
rc_is 1 "what neither tracks"

run mlops checkout tool
rc_is 0 "a file that is missing is brought back"
ok "with its mode" test -x tool
run mlops checkout data
rc_is 3 "changes that are nowhere else stay"
like "$err" "'data' has changes that DVC's cache does not have" "and that is said"
is "$(cat data/x)" y "nothing was touched"
run mlops checkout --force data in/one.csv
rc_is 0 "unless they are not wanted"
is "$(cat data/x data/sub/z in/one.csv | tr '\n' ' ')" "x z one " "then all is as it was"
ok "and nothing else is there" test ! -e data/new
ok "what was there is in the cache" test -f "$(object "$(printf 'y\n' | md5sum | cut -c1-32)")"
is "$(mlops status)" "modified: own" "what is left"
printf 'y\n' >data/x
printf 'two\n' >in/one.csv
run mlops checkout data in
rc_is 0 "what is in the cache may go"
mlops checkout -f own >/dev/null
rm -rf data in/one.csv tool own
run mlops checkout
like "$out" "5 written, 0 removed" "all at once"
is "$(mlops status)" "nothing has changed" "and all is there"

# recording changes
printf 'three\n' >in/one.csv
printf 'n\n' >data/new
chmod -x tool
printf 'desc: mine # yes\n' >>in/one.csv.dvc
run mlops track --update
is "$(sort "$out" | tr '\n' '|')" "tracked: data (3 files, 6 B)|tracked: in/one.csv (6 B)|tracked: tool (10 B)|" "what changed is tracked"
printf 'outs:\n- md5: %s\n  size: 6\n  hash: md5\n  path: one.csv\ndesc: mine # yes\n' "$(sum in/one.csv)" >want
ok "in DVC's form, and the rest as it was" cmp want in/one.csv.dvc
is "$(sed -n 3,4p data.dvc | tr '\n' '|')" "  size: 6|  nfiles: 3|" "a folder"
is "$(grep -c isexec tool.dvc)" 0 "a mode that is gone"
chmod +x tool
run mlops track tool in/one.csv
is "$(tr '\n' '|' <"$out")" "unchanged: in/one.csv|tracked: tool (10 B)|" "by their names"
is "$(sed -n 3,5p tool.dvc | tr '\n' '|')" "  size: 10|  isexec: true|  hash: md5|" "the mode is behind the size"
is "$(mlops status)" "nothing has changed" "then nothing differs"
run mlops track in
rc_is 1 "a folder that holds what DVC tracks"
like "$err" "'in' holds 'in/one.csv', which DVC tracks" "is refused"
ok "no pointer is made" test ! -e in.mlops -a ! -e data.mlops

# what the cache lacks, or has damaged
rm -rf data .dvc/cache/files/md5/*/*.dir
is "$(mlops status)" "not here: data (3 files)" "what was never fetched"
run mlops checkout
rc_is 0 "is left out"
run mlops checkout data
rc_is 1 "unless it is asked for"
like "$err" "^hint: bring it there with: mlops pull" "with a hint"
rm tool
chmod u+w "$(object "$(printf '#!/bin/sh\n' | md5sum | cut -c1-32)")"
echo bad >"$(object "$(printf '#!/bin/sh\n' | md5sum | cut -c1-32)")"
run mlops checkout tool
rc_is 3 "a damaged object"
like "$err" "is damaged" "is told"
ok "and not put there" test ! -e tool
printf 'outs:\n- md5: %s\n  size: 4\n  path: ../../x\n  hash: md5\n' "$(sum in/one.csv)" >in/out.dvc
run mlops status in
like "$err" "it is outside of the project" "a path outside is not looked at"
done_testing
