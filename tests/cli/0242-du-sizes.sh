# Sizes: of the data, and of what is in the store, each content counted once.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/s/t e
head -c 2000 /dev/zero | tr '\0' a >d/a
cp d/a d/s/same
head -c 300 /dev/urandom >d/s/t/b
cp d/a e/copy
mlops track d e >/dev/null && git commit -qm one
rm d/a && mlops track d >/dev/null

run mlops du --json HEAD
schema_ok du.json
json_is '[[p["path"], p["size"], p["stored"], p["files"]] for p in d["paths"]]' \
	'[["d",4300,2300,3],["e",2000,0,1]]' "what was counted before is not counted again"
json_is '[d["total"]["size"], d["total"]["stored"], d["total"]["files"]]' '[6300,2300,4]' "in all"
run mlops du --json --depth 1
json_is '[[p["path"], p["size"], p["stored"]] for p in d["paths"]]' \
	'[["d",2300,2300],["d/s",2300,2300],["e",2000,0]]' "folders in folders, of the work tree"
run mlops du --json -d 9 d/s
json_is '[[p["path"], p["size"]] for p in d["paths"]]' '[["d/s",2300],["d/s/t",300]]' "of a part"
run mlops du -b e
is "$(tail -1 "$out" | tr -s ' ')" "2000 2000 1 e" "--bytes"
run mlops du
like "$out" "2\.2 KiB +2\.2 KiB +2 +d" "sizes for people"
like "$out" "4\.2 KiB +2\.2 KiB +3 +total" "and the total"
rm -r .mlops/store
run mlops du --json --depth 5
json_is '[d["total"]["size"], d["total"]["stored"], len(d["paths"])]' '[4300,0,2]' \
	"of what is not here the size is known"
run mlops du nix
rc_is 2 "neither a revision nor a path"
run mlops du -- nix
rc_is 1 "not tracked"
done_testing
