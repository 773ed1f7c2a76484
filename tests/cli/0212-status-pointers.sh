# Pointers that are wrong, hostile or in odd places.
. "$(dirname "$0")/../lib/tap.sh"

new_project
echo x >x && mlops track x >/dev/null
oid="sha256:$(printf 'a%.0s' $(seq 1 64))"

bad() { # NAME WHY, of what is in y.mlops
	run mlops status
	rc_is 1 "$1"
	like "$err" "$2" "the message is: $2"
	run mlops checkout
	rc_is 1 "checkout refuses it too"
}
printf 'mlops: 1\npath: ../y\nkind: file\noid: %s\nsize: 1\n' "$oid" >y.mlops
bad "a pointer to a parent path" "y.mlops:2:7: path must be 'y'"
printf 'mlops: 1\npath: /etc/passwd\nkind: file\noid: %s\nsize: 1\n' "$oid" >y.mlops
bad "a pointer to an absolute path" "y.mlops:2:7: path must be 'y'"
printf 'mlops: 1\npath: y\nkind: [\n' >y.mlops
bad "no YAML" "y.mlops:[0-9]+:[0-9]+: "
printf 'mlops: 1\npath: y\nknid: file\n' >y.mlops
bad "an unknown key" "y.mlops:3:1: unknown key 'knid'"
like "$err" "hint: did you mean 'kind'" "with a suggestion"
printf 'mlops: 9\n' >y.mlops
bad "a newer version" "version 9 of pointers is not known"
head -c 100000 /dev/zero | tr '\0' a >y.mlops
bad "far too long" "larger than 65536 bytes"
rm y.mlops

mkdir nested && git init -q nested && printf broken >nested/z.mlops
mkdir other && mkdir other/.mlops && printf broken >other/z.mlops
is "$(mlops status)" "nothing has changed" "other repositories inside are not looked into"
mkdir inner && echo a >inner/a && mlops track inner >/dev/null && printf broken >inner/z.mlops
is "$(mlops status)" "added: inner/z.mlops" "what a tracked folder holds is data"
rm inner/z.mlops
ln -s / loop
is "$(mlops status)" "nothing has changed" "symlinks to folders are not followed"

echo data >far && mlops track far >/dev/null
rm far far.mlops
is "$(mlops status)" "nothing has changed" "removing a pointer ends tracking"

done_testing
