# Short and long forms, and pointers against what git has of them.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p sub/d && echo 1 >sub/d/a && echo 1 >sub/d/b && echo 1 >f && echo 1 >g && echo 1 >h
mlops track sub/d f g h >/dev/null && git commit -qm one
is "$(mlops status -s)" "" "short: nothing"
is "$(mlops status --long)" "nothing has changed" "long: nothing"
run mlops status --json
schema_ok status.json
json_is 'd["pointers"]' '[]' "JSON: nothing"

echo 22 >sub/d/a; rm sub/d/b; echo 1 >sub/d/new; rm h
echo 22 >f && mlops track f >/dev/null           # staged
sed -i 's/^size: 2/size: 3/' g.mlops; echo 333 >g # not staged, and other data
echo new >n && mlops track n >/dev/null && git rm -q --cached n.mlops
mkdir -p other && cp g.mlops other/x.mlops && sed -i 's/path: g/path: x/' other/x.mlops && git add other
want=' M sub/d/a
 D sub/d/b
 A sub/d/new
M  f
mM g
 ! h
a  n
A! other/x'
is "$(mlops status -s | sort -k2)" "$(printf '%s\n' "$want" | sort -k2)" "short: pointers and data"
is "$(mlops status -s | sed 's/^...//')" "f
g
h
n
other/x
sub/d/a
sub/d/b
sub/d/new" "in order of path"
is "$(mlops status -s sub)" " M sub/d/a
 D sub/d/b
 A sub/d/new" "of a path"
is "$(mlops status -s f)" "M  f" "of a pointer alone"
is "$(cd sub && mlops status -s d/a | head -1)" " M sub/d/a" "seen from the current folder"

run mlops status --long
rc_is 0
is "$(grep -A5 'to be committed' "$out" | grep -c ':')" 3 "long: staged pointers"
like "$out" "^    modified: f.mlops" "by the names of their files"
like "$out" "^    added: other/x.mlops" "new ones too"
is "$(grep -A3 'not staged' "$out" | tail -2)" "    modified: g.mlops
    added: n.mlops" "pointers that are not staged"
is "$(grep -A3 'Data that is not' "$out" | tail -1)" "    modified: g" "data"
like "$out" '\("mlops restore <path>" makes it what it was\)' "with what to do"
run mlops status --json
schema_ok status.json
json_is '[[p["path"], p["kind"], p["staged"]] for p in d["pointers"]]' \
	'[["f","modified",true],["g","modified",false],["n","added",false],["other/x","added",true]]' "JSON: pointers"
run mlops status -s --exit-code
rc_is 3 "--exit-code with --short"
run mlops status -s -l
rc_is 2 "one form at a time"

git add -A . && git commit -qm two && mlops checkout --force f g n sub/d >/dev/null 2>&1
git rm -q --cached f.mlops
like "$(mlops status -s f)" "^a  f$" "a pointer that git is to forget, and that is there, is new again" || mlops status -s f
rm -rf .mlops/store sub/d
mlops status -s >"$out"
like "$out" "^ - sub/d$" "what was never fetched"
like "$(mlops status -l)" "^Data that was never fetched:" "has a heading of its own"

# A project in a folder of a repository tells its own alone.
cd "$scratch" && mkdir top && cd top && git init -q && echo x >x.mlops && mkdir p && cd p && mlops init >/dev/null
echo 1 >y && mlops track y >/dev/null
is "$(mlops status -s)" "A  y" "paths are those of the project"
run mlops status --long
like "$out" "^    added: y.mlops" "in the long form too"
done_testing
