# Dependencies that are what another git repository has at a revision.
. "$(dirname "$0")/../lib/tap.sh"

new_project
commit() { (cd ../other && git add -A && git -c user.name=a -c user.email=a@b commit -qm x); }
git init -q ../other
mkdir ../other/data
echo 1 >../other/data/x
commit
git -C ../other tag v1
pipeline() { printf 'stages:\n  t: {cmd: "echo >> runs", deps: [%s], outs: [runs: {persist: true, cache: false}]}\n' "$1" >mlops.yaml; }

pipeline '{git: ../other, path: data}'
ok "a folder of another repository" mlops run
like mlops.lock 'file: git:../other@HEAD:data' "is in the lock"
like mlops.lock "$(git -C ../other rev-parse HEAD:data)" "by its git object"
touch ../other/elsewhere
commit
run mlops run
like "$err" "up to date" "another commit with the same folder changes nothing"
echo 2 >../other/data/x
commit
run mlops run
like "$err" "stage 't': runs: .*other@HEAD:data: version changed" "a change of it does"
pipeline '{git: ../other, path: data/x, rev: v1}'
run mlops run
like mlops.lock "$(git -C ../other rev-parse v1:data/x)" "a file at a tag"

pipeline '../other/.git:data@v1'
run mlops run
like mlops.lock "file: git:../other/.git@v1:data" "in one text, of a repository named with .git"
like mlops.lock "$(git -C ../other rev-parse v1:data)" "which is the same"

# what is tracked there is not in git, but its pointer is
(cd ../other && mlops init -q >/dev/null 2>&1; mkdir -p big/in && echo 1 >big/in/x && mlops track big >/dev/null)
commit
pipeline '{git: ../other, path: big/in/x}'
run mlops run
like mlops.lock "$(git -C ../other rev-parse HEAD:big.mlops)" "tracked data is known by its pointer"

# a repository at a URL
mkdir ../served ../served/private
head -c 3000000 /dev/urandom >../other/large
mkdir -p ../other/code && echo 1 >../other/code/a.py
commit
git clone -q --bare ../other ../served/project.git
git -C ../served/project.git config uploadpack.allowFilter true
python3 -I -S "$tap_src/tests/lib/gitd.py" "$PWD/../served" "$tap_root/gitd" 2>"$tap_root/gitd.err" &
cleanup "kill $! 2>/dev/null"
wait_for 20 test -s "$tap_root/gitd" || diag <"$tap_root/gitd.err"
url=$(cat "$tap_root/gitd") log=$tap_root/gitd.log
served() { git -C ../other push -q "$PWD/../served/project.git" main; }
asked() { grep -c git-upload-pack "$log"; }

pipeline "$url/project.git:code/a.py@main"
run mlops run
rc_is 0 "a file at a branch of a repository at a URL"
like mlops.lock "file: git:$url/project.git@main:code/a.py" "is in the lock"
like mlops.lock "$(git -C ../other rev-parse HEAD:code/a.py)" "by its git object"
bytes=$(awk '{ n += $4 } END { print n }' "$log")
ok "of the repository no files were fetched ($bytes bytes)" test "$bytes" -lt 50000
: >"$log"
run mlops run
like "$err" "up to date" "again there is nothing to do"
is "$(asked)" 2 "and the server was asked for its refs only"
echo 2 >../other/elsewhere && commit && served
run mlops run
like "$err" "up to date" "another commit with the same file changes nothing"
echo 2 >../other/code/a.py && commit && served
run mlops run
like "$err" "stage 't': runs: .*@main:code/a.py: version changed" "a change of it does"
git -C ../other tag -am one v2 && git -C ../other push -q "$PWD/../served/project.git" v2
for rev in v2 HEAD refs/heads/main "$(git -C ../other rev-parse HEAD)"; do
	pipeline "{git: $url/project.git, path: code, rev: $rev}"
	run mlops run
	like mlops.lock "$(git -C ../other rev-parse HEAD:code)" "a folder at $rev"
done
pipeline "{git: file://$scratch/served/project.git, path: big}"
run mlops run
like mlops.lock "$(git -C ../other rev-parse HEAD:big.mlops)" "by file://, tracked data there"
find .mlops/run/git -maxdepth 1 -type d -name '????*' | while read -r dir; do
	[ -e "$dir/HEAD" ] && : >"$dir/shallow.lock"
done
echo 3 >../other/code/a.py && commit && served
pipeline "$url/project.git:code/a.py"
run mlops run
like mlops.lock "$(git -C ../other rev-parse HEAD:code/a.py)" "a lock that a killed git left is no obstacle"

mv ../served/project.git ../served/private/
pipeline "$url/private/project.git:data"
run mlops run
rc_is 4 "one that wants a password"
like "$err" "mlops.yaml:2:.*git cannot read the repository '$url/private" "cannot be read"
printf 'machine 127.0.0.1 login ada password secret\n' >~/.netrc
chmod 600 ~/.netrc
ok "with ~/.netrc it can" mlops run
fails "the password is in no file" grep -rq secret .
pipeline "http://127.0.0.1:1/project.git:data"
run mlops run
rc_is 4 "a server that is away"

refused() {
	pipeline "$1"
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1 is explained"
}
refused '{git: ../other, path: none}' "mlops.yaml:2:35: repository '../other' has no 'none' in its revision 'HEAD'"
refused '{git: ../none, path: x}' "mlops.yaml:2:35: cannot open the repository '../none'"
refused '{git: ../other}' "mlops.yaml:2:35: path is missing"
refused '{git: ../other, path: ../x}' "mlops.yaml:2:35: path is missing, or no path in a repository"
refused '{git: "https://a:b@h/x", path: x}' "mlops.yaml:2:41: a URL with a name or password in it"
refused 'https://a@h/x.git:x' "mlops.yaml:2:35: a URL with a name or password in it"
refused '{git: "ssh://a:b@h/x", path: x}' "mlops.yaml:2:41: a URL with a name or password in it"
refused '{git: "ext::sh -c id", path: x}' "mlops.yaml:2:41: a repository with blanks in its name"
refused '{git: "ftp://h/x", path: x}' "mlops.yaml:2:41: git is asked by https, http, ssh, git and file"
refused '{git: -x, path: x}' "mlops.yaml:2:41: '-x' is no repository"
refused '../other/.git:x@--all' "mlops.yaml:2:35: '--all' is no revision"
refused '../other/.git:../x' "mlops.yaml:2:35: path is missing"
refused '{git: ../other, path: x, ref: v1}' "mlops.yaml:2:.*'ref'"
done_testing
