# mlops push, pull and track in a DVC repository that is no project: its remotes, cache and *.dvc files.
. "$(dirname "$0")/../lib/tap.sh"

sum() { md5sum "$1" | cut -c1-32; }
object() { echo "$1/$(echo "$2" | cut -c1-2)/$(echo "$2" | cut -c3-)"; } # object ROOT MD5
cached() { # cached FILE [MD5]: puts it into the cache
	tap_object=$(object .dvc/cache/files/md5 "${2:-$(sum "$1")}")
	mkdir -p "$(dirname "$tap_object")" && cp "$1" "$tap_object" && chmod 444 "$tap_object"
}
damage() { chmod u+w "$1" && echo bad >"$1"; }

mkdir a && cd a && git init -q && mkdir -p .dvc data/sub in && printf '/config.local\n/tmp\n/cache\n' >.dvc/.gitignore
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n" >.dvc/config
echo one >in/one.csv
echo x >data/x
echo z >data/sub/z
: >data/empty
run mlops track data
rc_is 0 "a folder becomes tracked, as by dvc add"
listing=$(printf '[{"md5": "%s", "relpath": "empty"}, {"md5": "%s", "relpath": "sub/z"}, {"md5": "%s", "relpath": "x"}]' \
	"$(sum data/empty)" "$(sum data/sub/z)" "$(sum data/x)" | md5sum | cut -c1-32).dir
printf 'outs:\n- md5: %s\n  size: 4\n  nfiles: 3\n  hash: md5\n  path: data\n' "$listing" >want
ok "its *.dvc file is DVC's" cmp want data.dvc
rm want
is "$(cat .gitignore)" "/data" "git ignores the data"
mlops track -q in/one.csv
is "$(cat in/.gitignore)" "/one.csv" "and a file, beside which its *.dvc file is"
git add -A && git commit -qm start
is "$(git ls-files | tr '\n' ' ')" ".dvc/.gitignore .dvc/config .gitignore data.dvc in/.gitignore in/one.csv.dvc " "nothing of ours is in git"
run mlops run
rc_is 1 "what needs a project says so"
run mlops status
is "$(cat "$out")" "nothing has changed" "status needs none"
run mlops status nothing
rc_is 1 "a path that is not tracked"
like "$err" "DVC tracks nothing at 'nothing'" "is told"

run mlops push --dry-run
like "$out" "5 objects, .* to send" "what a push would send"
ok "is not sent" test ! -e ../remote
run mlops push
rc_is 0 "push"
like "$out" "5 objects, " "sends files and listing"
ok "to where DVC looks" test -f "$(object ../remote/files/md5 "$listing")"
is "$(stat -c %a "$(object ../remote/files/md5 "$(sum data/x)")")" 444 "read-only"
run mlops push --json
is "$(python3 -c 'import json,sys; v = json.load(open(sys.argv[1])); print(v["objects"], v["present"])' "$out")" "0 5" "then all is there"
rm -f "$(object ../remote/files/md5 "$(sum data/x)")"
run mlops push data
like "$out" "1 object, .*; 3 were there already" "a listing that is there vouches for nothing"
printf 'x' >part && chmod u+w "$(object ../remote/files/md5 "$(sum data/sub/z)")" && cp part "$(object ../remote/files/md5 "$(sum data/sub/z)")"
rm part
is "$(mlops push | cut -d, -f1)" "1 object" "half of a file is no file"

cd .. && git clone -q a b && cd b || exit 1
run mlops status
is "$(tr '\n' '|' <"$out")" "not here: data (3 files)|not here: in/one.csv (1 file)|" "a clone has no data"
like "$err" "mlops pull" "and is told how to get it"
run mlops pull --list-only
like "$out" "1 object" "listings alone"
run mlops pull --no-checkout in
like "$out" "1 object" "one path"
ok "left in the cache" test ! -e in/one.csv
run mlops pull
rc_is 0 "pull"
like "$out" "3 objects, .*; 2 were there already" "the rest"
ok "all is as it was" diff -r data ../a/data
is "$(mlops status)$(git status --porcelain)" "nothing has changed" "and nothing differs"
is "$(stat -c %a "$(object .dvc/cache/files/md5 "$(sum data/x)")")" 444 "cached objects are read-only"

# what is damaged or lacking
rm -rf .dvc/cache data in/one.csv
damage "$(object ../remote/files/md5 "$(sum ../a/data/x)")"
run mlops pull
rc_is 3 "a damaged object ends it"
like "$err" "remote 'r' holds a damaged 'files/md5/.*', a part of 'data'" "and is named"
ok "nothing of it is kept" test ! -e "$(object .dvc/cache/files/md5 "$(sum ../a/data/x)")"
ok "nor left" test ! -e .dvc/cache/mlops-tmp
rm -f "$(object ../remote/files/md5 "$(sum ../a/data/x)")"
run mlops pull
rc_is 1 "an object that is nowhere"
like "$err" "remote 'r' lacks 1 of the objects, such as 'files/md5/.*' of 'data'" "is named"
rm -f "$(object ../remote/files/md5 "$listing")"
(cd ../a && rm -f "$(object .dvc/cache/files/md5 "$(sum data/x)")")
run mlops -C ../a push
rc_is 1 "what push has not"
like "$err" "is neither in DVC's cache nor at remote 'r'" "is named"
ok "and a folder that lacks it is not said to be there" test ! -e "$(object ../remote/files/md5 "$listing")"
cd ../a && rm -f "$(object ../remote/files/md5 "$(sum data/sub/z)")" && damage "$(object .dvc/cache/files/md5 "$(sum data/sub/z)")"
run mlops push
rc_is 3 "what is damaged here"
like "$err" "of DVC's cache is damaged" "is not sent"
mlops track -q data # a new copy of what is here
rm -rf .dvc/cache && rm .dvc/tmp/mlops/dvc-index
mlops track -q data in/one.csv && run mlops push
rc_is 0 "all is well again"

# settings
run mlops push -r other
rc_is 1 "a remote that is not there"
like "$err" "DVC has no remote named 'other'" "is told"
printf "['remote \"s\"']\n    url = remote://r/deeper\n" >>.dvc/config
run mlops push -r s
ok "a remote below another" test -f "$(object ../remote/deeper/files/md5 "$listing")"
printf "['remote \"r\"']\n    url = %s\n" "$scratch/third" >.dvc/config.local
mlops push -q
ok "config.local goes first" test -f "$(object ../third/files/md5 "$listing")"
rm .dvc/config.local
for key in "version_aware = true" "sse = aws:kms" "ssl_verify = false" "new_thing = 1"; do
	printf "[core]\n    remote = r\n['remote \"r\"']\n    url = s3://bucket/x\n    endpointurl = http://127.0.0.1:1\n    %s\n" "$key" >.dvc/config
	run mlops push
	rc_is 1 "$key"
	like "$err" "'${key%% *}' set, which this program does not heed" "is not passed over"
done
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = gdrive://x/y\n" >.dvc/config
run mlops push
like "$err" "of a kind that is not known: gdrive" "a kind of remote that we do not have"
printf "['remote \"r\"']\n    url = ../../remote\n" >.dvc/config
run mlops push
like "$err" "DVC has no default remote here" "no default"
printf 'outs:\n- md5: %s\n  size: 4\n  hash: md5\n  path: one.csv\n  remote: r\n' "$(sum in/one.csv)" >in/one.csv.dvc
rm -rf in/one.csv .dvc/cache
run mlops pull in
rc_is 0 "an out with a remote of its own"
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../remote\n" >.dvc/config
printf 'outs:\n- md5: %s\n  size: 4\n  hash: md5\n  path: one.csv\n  push: false\n' "$(sum in/one.csv)" >in/one.csv.dvc
rm -f "$(object ../remote/files/md5 "$(sum in/one.csv)")"
mlops push -q in
ok "one that is not to be pushed" test ! -e "$(object ../remote/files/md5 "$(sum in/one.csv)")"

# names of DVC 2: text with its line ends mended, in folders without files/md5
mkdir -p ../remote/old old
printf 'a\r\nb\r\n' >old/crlf
printf 'a\0\r\n' >old/bytes
two=$(printf 'a\nb\n' | md5sum | cut -c1-32)
printf '[{"md5": "%s", "relpath": "bytes"}, {"md5": "%s", "relpath": "crlf"}]' "$(sum old/bytes)" "$two" >listing
dir=$(sum listing).dir
for pair in "old/crlf $two" "old/bytes $(sum old/bytes)" "listing $dir"; do
	set -- $pair
	mkdir -p "$(dirname "$(object ../remote "$2")")" && cp "$1" "$(object ../remote "$2")"
done
cp -r old ../kept && rm -rf old listing
printf 'outs:\n- md5: %s\n  size: 10\n  nfiles: 2\n  path: old\n' "$dir" >old.dvc
cp old.dvc ../old.dvc
run mlops pull old
rc_is 0 "what DVC 2 pushed is pulled"
ok "as it was" diff -r old ../kept
ok "into where DVC 2 keeps it" test -f "$(object .dvc/cache "$two")"
is "$(mlops status old)" "nothing has changed" "and is known to be the same"
mlops track -q old
ok "its *.dvc file stays so" cmp old.dvc ../old.dvc
rm -rf ../remote/??
mlops push -q old
ok "and it is pushed to where it was" test -f "$(object ../remote "$dir")" -a -f "$(object ../remote "$two")"
printf 'c\r\n' >old/new
run mlops track old
is "$(sed -n '2,5s/md5: .*dir$/md5: dir/p; 3,5p' old.dvc | tr '\n' '|')" "- md5: dir|  size: 13|  nfiles: 3|  hash: md5|" "a change gives it a name of DVC 3"
ok "as all of it" test -f "$(object .dvc/cache/files/md5 "$(sum old/crlf)")"

# links that lead away
cd .. && git clone -q a evil && cd evil && ln -s "$scratch" .dvc/tmp || exit 1
run mlops status
rc_is 1 "a repository whose .dvc/tmp is a symlink"
ok "gets nothing written there" test ! -e "$scratch/mlops"
done_testing
