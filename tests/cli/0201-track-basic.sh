# From data to a pointer in git: files, folders, again, and what is refused.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p data/raw/sub data/raw/empty
echo hello >data/x.csv
echo a >data/raw/a
echo b >data/raw/sub/run && chmod +x data/raw/sub/run
ln -s a data/raw/link
head -c 3000000 /dev/urandom >data/raw/big

run mlops track data/x.csv data/raw
rc_is 0 "track a file and a folder"
like "$out" "^tracked: data/x.csv \(6 B\)" "the file"
like "$out" "^tracked: data/raw \(4 files, 2.9 MiB\)" "the folder"
is "$(cat data/x.csv.mlops)" "mlops: 1
path: x.csv
kind: file
oid: sha256:$(sha256sum data/x.csv | cut -d' ' -f1)
size: 6" "the pointer is what the manual says"
is "$(git status --short data)" "A  data/.gitignore
A  data/raw.mlops
A  data/x.csv.mlops" "pointers and .gitignore are staged, data is ignored"
is "$(cat data/.gitignore)" "/x.csv
/raw" "one line each"
is "$(stat -c %a "$(find .mlops/store/loose -type f)")" 444 "a large object is a read-only file"
ok "verify" mlops verify

run mlops track data/raw data/x.csv --json
rc_is 0 "again"
schema_ok track.json
json_is '[t["unchanged"] for t in d["tracked"]]' '[true,true]' "nothing is new"
is "$(find .mlops/store -name '*.pack' | wc -l)" 1 "nothing was stored twice"
is "$(cat data/.gitignore | wc -l)" 2 "nothing was ignored twice"

git commit -qm data && echo c >data/raw/c
mlops track data/raw >/dev/null
is "$(git status --short)" "M  data/raw.mlops" "a change is a change of the pointer"

refused() { # WHY PATH...
	refused_why=$1
	shift
	run mlops track "$@"
	rc_is 1 "refused: $*"
	like "$err" "$refused_why" "because: $refused_why"
}
refused "lies in 'data/x.csv', which is tracked as a file" data/x.csv/a
refused "holds 'data/raw', which is tracked" data
refused "outside the project" ../..
refused "outside the project" /etc/passwd
refused "cannot be tracked" .
refused "keeps for itself" .mlops/config
refused "has the name of a pointer" data/x.csv.mlops
refused "none" none
refused "lies in 'new'" new new/a
echo s >script && git add script
refused "'script' is in git already" script
like "$err" "git rm -r --cached 'script'" "the hint says how to take it out"
mkdir code && echo s >code/s && git add code
refused "'code' is in git already" code
ln -s data/x.csv link
refused "'link' is a symlink" link
ln -s / out
refused "leaves the project through a symlink" out/etc/passwd
mkfifo pipe
refused "'pipe' is a socket, pipe or device" pipe
mkdir with && mkfifo with/pipe
refused "'with/pipe' is a socket, pipe or device" with
mkdir -p repo && git init -q repo
refused "'repo/.git' cannot be tracked" repo
fails "nothing was written for what was refused" ls -- *.mlops

echo n >new && run mlops track new none
rc_is 1 "one of two cannot be tracked"
fails "then the other is not either" test -e new.mlops
(cd data && mlops track ../new) >/dev/null
ok "paths are relative to the current folder" test -e new.mlops
run mlops track
rc_is 2 "nothing to track is wrong usage"

done_testing
