# mlops lfs in a repository of its own: the filter, its patterns and hooks, and files beside pointers.
. "$(dirname "$0")/../lib/tap.sh"

run mlops lfs install
rc_is 0 "install, in no repository"
is "$(git config --global filter.lfs.process)" "mlops lfs filter-process" "git's filter is mlops"
is "$(git config --global filter.lfs.required)" true "and required"
mkdir none && cd none
run mlops lfs ls-files
rc_is 1 "in no repository there is nothing to list"
like "$err" "is in no git repository" "and it says so"
run mlops lfs install --local
rc_is 1 "nor a repository to install in"
cd ..
git config --global filter.lfs.clean "other clean %f"
run mlops lfs install
rc_is 1 "settings of others stay"
like "$err" "filter.lfs.clean" "and are named"
run mlops lfs install --force
rc_is 0 "unless it is forced"
git config --global filter.lfs.clean "git-lfs clean -- %f"
ok "those of git-lfs are replaced" mlops lfs install
run mlops lfs install --local --system
rc_is 2 "one place at a time"

git init -q repo && cd repo
cat >.git/hooks/pre-push <<'HOOK'
#!/bin/sh
command -v git-lfs >/dev/null 2>&1 || { echo >&2 "\nThis repository is configured for Git LFS\n"; exit 2; }
git lfs pre-push "$@"
HOOK
printf '#!/bin/sh\nexit 0\n' >.git/hooks/post-merge
chmod +x .git/hooks/p*
ok "install, in a repository" mlops lfs install
unlike "$(cat .git/hooks/pre-push)" "git lfs" "the hook of git-lfs is replaced"
like "$(cat .git/hooks/pre-push)" "mlops lfs pre-push" "by one of mlops"
ok "a hook of the user's is kept" test -x .git/hooks/post-merge.user
mlops init >/dev/null && mlops init --hooks >/dev/null
like "$(cat .git/hooks/pre-push)" "mlops hook pre-push" "the hooks serve projects too"
like "$(cat .git/hooks/pre-push)" "mlops lfs pre-push" "and Git LFS still"
mlops init --remove-hooks >/dev/null
unlike "$(cat .git/hooks/pre-push)" "mlops hook" "they are taken out one by one"
like "$(cat .git/hooks/pre-push)" "mlops lfs pre-push" "and the other stays"
rm -rf .mlops .gitattributes .git/index

run mlops lfs track '*.bin' 'a b.*'
rc_is 0 "patterns are tracked"
is "$(cat .gitattributes)" '*.bin filter=lfs diff=lfs merge=lfs -text
a[[:space:]]b.* filter=lfs diff=lfs merge=lfs -text' "as git-lfs writes them"
run mlops lfs track '*.bin'
like "$out" "already tracking|already tracked" "again changes nothing"
mlops lfs track --lockable '*.psd' >/dev/null
run mlops lfs track --json
schema_ok lfs-track.json
json_is '[(p["pattern"], p["lockable"]) for p in d["patterns"]]' \
	'[["*.bin",false],["a[[:space:]]b.*",false],["*.psd",true]]' "they are listed"
mlops lfs track --not-lockable '*.psd' >/dev/null
unlike "$(cat .gitattributes)" lockable "lockable is taken back"
run mlops lfs track '.gitattributes'
rc_is 1 "git has to read some files itself"
run mlops lfs untrack '*.psd'
rc_is 0 "a pattern is taken out"
unlike "$(cat .gitattributes)" psd "and gone"

# The filter.
head -c 3000000 /dev/urandom >large.bin
printf 'small\n' >small.bin
: >empty.bin
mkdir -p deep/er && cp small.bin deep/er/tool.bin && chmod +x deep/er/tool.bin
echo spaced >'a b.txt'
git add . && git commit -qm one
oid=$(sha256sum <large.bin | cut -c-64)
is "$(git cat-file -p HEAD:large.bin)" "version https://git-lfs.github.com/spec/v1
oid sha256:$oid
size 3000000" "git has the pointer, to the byte"
is "$(git cat-file -s HEAD:empty.bin)" 0 "an empty file is no pointer"
object=.git/lfs/objects/$(printf %.2s "$oid")/$(printf %s "$oid" | cut -c3-4)/$oid
ok "the object lies where git-lfs has it" cmp large.bin "$object"
is "$(find .git/lfs/tmp -type f | wc -l)" 0 "and nothing is left beside"
is "$(git status --porcelain)" '' "git finds nothing changed"
touch -d '2001-01-01' large.bin
is "$(git status --porcelain)" '' "nor when it has to look"
run mlops lfs ls-files --json
schema_ok lfs-ls-files.json
json_is '[(f["path"], f["size"], f["here"], f["checked_out"]) for f in d["files"]]' \
	'[["a b.txt",7,true,true],["deep/er/tool.bin",6,true,true],["large.bin",3000000,true,true],["small.bin",6,true,true]]' \
	"the files are listed"
like "$(mlops lfs ls-files -l HEAD)" "^$oid - large.bin" "also of a revision"

# The same by single processes, which old programs call.
is "$(mlops lfs clean -- small.bin <small.bin | mlops lfs clean -- x)" "$(git cat-file -p HEAD:small.bin)" \
	"cleaning a pointer leaves it as it is"
is "$(git cat-file -p HEAD:small.bin | mlops lfs smudge -- small.bin)" small "smudging gives the file"
is "$(git cat-file -p HEAD:small.bin | GIT_LFS_SKIP_SMUDGE=1 mlops lfs smudge -- small.bin)" \
	"$(git cat-file -p HEAD:small.bin)" "unless that is skipped"
is "$(printf 'no pointer' | mlops lfs smudge -- x 2>/dev/null)" "no pointer" "what is no pointer stays"
: | mlops lfs smudge -- x >"$out"
is "$(wc -c <"$out")" 0 "nothing stays nothing"
head -c 3000000 /dev/zero | mlops lfs smudge -- x 2>/dev/null | cmp -s - /dev/zero 2>/dev/null
is "$(head -c 3000000 /dev/zero | mlops lfs smudge -- x 2>/dev/null | wc -c)" 3000000 "also when it is large"

# Pointers of others: old versions, extensions, and what only looks like one.
for version in http://git-media.io/v/2 https://hawser.github.com/spec/v1; do
	printf 'version %s\noid sha256:%s\nsize 3000000\n' "$version" "$oid" | mlops lfs smudge -- x |
		cmp -s - large.bin
	is $? 0 "a pointer of $version is read"
done
printf 'version https://git-lfs.github.com/spec/v1\next-0-x sha256:%s\noid sha256:%s\nsize 3000000\n' "$oid" "$oid" >ext
run mlops lfs smudge -- x <ext
rc_is 1 "one of an extension is refused"
like "$err" "extension" "and it says why"
is "$(mlops lfs clean -- x <ext)" "$(cat ext)" "but it stays when cleaned"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3000000\nmore x\n' "$oid" >odd
like "$(mlops lfs clean -- x <odd)" "size $(wc -c <odd)" "with a line too many it is a file like any other"
printf 'oid sha256:%s\nsize 1\nversion https://git-lfs.github.com/spec/v1\n' "$oid" >odd
is "$(mlops lfs smudge -- x <odd 2>/dev/null)" "$(cat odd)" "so it is in another order"
rm ext odd

# Checkouts: with and without the files.
rm -r large.bin deep
git checkout -q -- .
ok "git checks out the large file" cmp large.bin "$object"
ok "and executable ones" test -x deep/er/tool.bin
git config core.autocrlf true
rm large.bin && git checkout -q -- large.bin
ok "whatever line ends git is to write" cmp large.bin "$object"
git config --unset core.autocrlf
GIT_LFS_SKIP_SMUDGE=1 git clone -q . "$scratch/pointers" && cd "$scratch/pointers"
like "$(head -1 large.bin)" "^version " "a clone that skips smudging has pointers"
is "$(git status --porcelain)" '' "and nothing to commit"
echo mine >small.bin
run mlops lfs pull --json
rc_is 0 "they are pulled from a folder"
schema_ok lfs-pull.json
json_is '[d["fetched"], d["written"], d["missing"]]' '[3,3,0]' "what is missing is fetched and written"
ok "byte for byte" cmp large.bin "$scratch/repo/large.bin"
ok "with its rights" test -x deep/er/tool.bin
is "$(cat small.bin)" mine "a change of the user's stays"
is "$(git status --porcelain)" ' M small.bin' "and git sees no other"
git checkout -q -- small.bin
rm -rf .git/lfs/objects
run mlops lfs fsck
rc_is 3 "objects that are gone are missed"
like "$out" "^missing: large.bin" "and named"
GIT_LFS_SKIP_SMUDGE=1 git checkout -q --force HEAD && rm large.bin
rm -rf .git/lfs/objects
run mlops lfs checkout --json
schema_ok lfs-checkout.json
rc_is 3 "what is not here cannot be checked out"
run mlops lfs fetch --json
schema_ok lfs-fetch.json
json_is 'd["objects"]' 3 "a fetch brings them back"
run mlops lfs fsck
rc_is 0 "then all is well"
run mlops lfs checkout large.bin
rc_is 0 "and it is checked out"
ok "as it was" cmp large.bin "$scratch/repo/large.bin"
object=.git/lfs/objects/$(printf %.2s "$oid")/$(printf %s "$oid" | cut -c3-4)/$oid
rm -f "$object" && head -c 2999999 large.bin >"$object" # not through the link to the other repository's
run mlops lfs fsck
rc_is 3 "an object of another size is no object"
rm "$object" && cp large.bin "$object" && flip "$object" 1000
run mlops lfs fsck
like "$out" "^damaged: large.bin" "one of other bytes is damaged"

# Which paths are fetched.
git -c lfs.fetchinclude='deep,*.txt' -c lfs.fetchexclude='nothing' clone -q "$scratch/repo" "$scratch/some"
cd "$scratch/some"
is "$(cat deep/er/tool.bin 'a b.txt' | head -2)" "small
spaced" "lfs.fetchinclude names folders and patterns"
like "$(head -1 large.bin)" "^version " "all else stays pointers"
git config -f .lfsconfig lfs.fetchexclude large.bin
git config -f .lfsconfig filter.lfs.process "touch evil"
rm small.bin && git checkout -q -- small.bin
is "$(cat small.bin)" small "without them all is fetched"
rm large.bin && git checkout -q -- large.bin
like "$(head -1 large.bin)" "^version " "but for what .lfsconfig excludes"
run mlops lfs env
like "$out" "^lfs.fetchexclude=large.bin" "which counts for harmless settings"
unlike "$out" evil "alone"

# Worktrees, another place for objects, and repositories that are references.
cd "$scratch/repo"
git worktree add -q "$scratch/tree" HEAD
ok "a worktree has the same objects" cmp "$scratch/tree/large.bin" large.bin
cd "$scratch/tree" && like "$(mlops lfs env)" "^storage=$scratch/repo/.git/lfs" "in one place"
cd "$scratch/repo" && git config lfs.storage "$scratch/elsewhere"
echo elsewhere >e.bin && git add e.bin
ok "lfs.storage is where they go" test -f "$scratch/elsewhere/objects/$(sha256sum <e.bin | sed 's|\(..\)\(..\)\(.*\)  -|\1/\2/\1\2\3|')"
git config --unset lfs.storage
git reset -q --hard
git clone -q --shared -c lfs.url=http://127.0.0.1:1/nowhere . "$scratch/shared"
ok "a clone that borrows git's objects borrows these" cmp "$scratch/shared/large.bin" large.bin
git clone -q -c lfs.url=http://127.0.0.1:1/nowhere --no-checkout . "$scratch/project" && cd "$scratch/project"
git checkout -q HEAD -- .gitattributes
mlops init -q && cp "$scratch/repo/large.bin" tracked && mlops track tracked >/dev/null
run git checkout HEAD -- large.bin
rc_is 0 "what the store of the project has need not be fetched"
ok "it is the same" cmp large.bin "$scratch/repo/large.bin"
run git checkout HEAD -- small.bin
isnt "$rc" 0 "what nobody has is an error"
like "$err" "cannot smudge 'small.bin'" "that names the file"
run git -c lfs.skipdownloaderrors=true checkout HEAD -- small.bin
rc_is 0 "unless that is wanted"
like "$(head -1 small.bin)" "^version " "then it is a pointer"

cd "$scratch/repo"
run mlops lfs uninstall
rc_is 0 "uninstall"
is "$(git config --global --get filter.lfs.process)" '' "git has no such filter any more"
is "$(find .git/hooks -type f ! -name "*.sample" | sed "s|.*/||")" post-merge "and the user's hook is back"

done_testing
