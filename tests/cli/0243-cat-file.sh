# Printing one file of any revision, from the store or the remote.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
mlops remote add origin "$scratch/far" && mlops push >/dev/null
git add . && git commit -qm remote
ln -s f1 data/link && mlops track data >/dev/null && git commit -qam one
cp large.bin "$scratch/large1"
echo new >data/f1 && head -c 100 /dev/urandom >large.bin && mlops track data large.bin >/dev/null
git commit -qam two && git tag v2
git checkout -q HEAD~1 && mlops push >/dev/null && git checkout -q main && mlops push >/dev/null

echo changed >data/f1
is "$(mlops cat data/f1)" new "the pointer's content, not the work tree's"
is "$(mlops cat HEAD~1:data/f1)" "row 1" "of another revision"
is "$(cd data && mlops cat HEAD~1:f1)" "row 1" "seen from the current folder"
is "$(mlops cat HEAD:data/link)" f1 "of a symlink, what it says"
mlops cat HEAD~1:large.bin >"$out"
ok "a large file, every byte" cmp "$out" "$scratch/large1"
is "$(mlops cat data/empty | wc -c)" 0 "an empty file"
is "$(cat data/f1)" changed "the work tree is left alone"

run mlops cat HEAD:data
rc_is 1 "a folder"
like "$err" "'data' is a folder" "is refused"
like "$err" "hint: .*mlops ls" "with a hint"
run mlops cat HEAD:
rc_is 2 "no path"
run mlops cat nix:data/f1
rc_is 1
like "$err" "git knows no revision 'nix'" "no such revision"
run mlops cat HEAD:data/nix
like "$err" "there is no 'data/nix'" "no such file"
run mlops cat ../x
rc_is 1 "nothing outside of the project"
mkdir 'a:b' && echo colon >'a:b/c' && mlops track 'a:b/c' >/dev/null
is "$(mlops cat 'a:b/c')" colon "a name with a colon"
rm -r 'a:b'

origin=$PWD && clone
is "$(mlops cat v2~1:data/deep/er/file)" deep "from the remote"
run mlops ls --json -R v2~1 data
json_is 'sum(e["here"] for e in d["entries"])' 1 "nothing else was fetched"
mlops cat v2~1:large.bin >"$out"
ok "a large file from the remote" cmp "$out" "$scratch/large1"
is "$(mlops cat v2~1:large.bin | head -c 1 | wc -c)" 1 "a reader that leaves early is fine"

object=$(find .mlops/store/loose -type f -size +1000k)
chmod u+w "$object" && printf X | dd of="$object" bs=1 seek=9 conv=notrunc status=none
run mlops cat v2~1:large.bin
rc_is 3 "a damaged object"
like "$err" "is damaged" "is told"
mlops remote remove origin
run mlops cat v2~1:data/f2
rc_is 1 "not here, and no remote"
like "$err" "cannot get 'data/f2': no remote is set up" "is said"
done_testing
