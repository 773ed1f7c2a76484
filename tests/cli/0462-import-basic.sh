# mlops import: tracked data of other projects, with its origin.
. "$(dirname "$0")/../lib/tap.sh"

mkdir theirs && cd theirs && git init -q && mlops init >/dev/null || exit 1
mkdir -p data/sub && echo one >data/one && echo two >data/sub/two && echo text >text
mlops track -q data >/dev/null && git add -A && git commit -qm first
commit=$(git rev-parse HEAD)
cd .. && new_project && git commit -qm start
run mlops import ../theirs data@main -o raw/theirs
rc_is 0 "a folder"
like "$out" "imported: raw/theirs \(2 files\)" "is imported"
is "$(cat raw/theirs/sub/two)" two "and is here"
is "$(sed -n '/^origin/,$p' raw/theirs.mlops | tr -d "'" | tr '\n' '|')" "origin:|  url: ../theirs|  path: data|  rev: main|  commit: $commit|" "its pointer says where it came from"
is "$(git status --porcelain | tr '\n' '|')" "A  raw/.gitignore|A  raw/theirs.mlops|" "and is staged"
is "$(mlops status)" "nothing has changed" "nothing differs"
git commit -qm import
run mlops import --json ../theirs text
schema_ok import.json
is "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["files"])' "$out")" 1 "what git has there is tracked here"
unlike text.mlops "rev:" "without a branch, what is followed is HEAD"
run mlops import ../theirs text
rc_is 1 "again"
like "$err" "is there already" "is not done unasked"
mlops track -q text >/dev/null
like text.mlops "commit: .?$commit" "tracking it again keeps its origin"
echo mine >text && mlops track -q text >/dev/null
unlike text.mlops "origin" "a change is no longer the origin's"
rm -rf raw/theirs && mlops checkout >/dev/null
is "$(cat raw/theirs/one)" one "the data is the project's own"
git clone -q . ../clone && cd ../clone || exit 1
is "$(mlops status | head -1)" "not here: raw/theirs (2 files)" "in a clone too"
cd "$OLDPWD" || exit 1

mkdir -p ../dvc/.dvc ../dvc/data && (cd ../dvc && git init -q && printf '/tmp\n/cache\n' >.dvc/.gitignore && : >.dvc/config && echo far >data/far &&
	mlops track -q data >/dev/null && git add -A && git commit -qm dvc)
run mlops import ../dvc data -o fromdvc
rc_is 0 "what DVC tracks elsewhere"
is "$(cat fromdvc/far)" far "is tracked here"
like fromdvc.mlops "url: ../dvc" "with its origin"
ok "a DVC repository in a folder of a project" cp -r ../dvc inner
is "$(mlops -C inner status)" "nothing has changed" "is one by itself"
rm -rf inner

for url in https://me:secret@127.0.0.1:1/x.git http://me@127.0.0.1:1/x.git ssh://me:pw@127.0.0.1:1/x; do
	run mlops import "$url" data -o bad
	rc_is 1 "$url"
	like "$err" "holds a user name or password" "is refused"
	unlike "$err" "secret|:pw" "and not repeated"
done
run mlops import ../theirs data -o ../outside
rc_is 1 "a place outside"
run mlops import ../theirs data -o .mlops/x
rc_is 1 "or in what is ours"
run mlops import ../theirs data -o raw/theirs/sub/deep
rc_is 1 "a place in what is tracked"
ok "is left alone" test ! -e raw/theirs/sub/deep
printf 'mlops: 1\npath: bad\nkind: file\noid: sha256:%064d\nsize: 1\norigin:\n  url: --upload-pack=x\n  path: x\n  commit: %040d\n' 0 0 >bad.mlops
run mlops update
rc_is 1 "a pointer with an origin that is an option"
like "$err" "is no URL" "is refused"
done_testing
