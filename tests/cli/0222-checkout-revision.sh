# Data and pointers of another revision: whole paths, parts, changes that are kept, what git sees.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
mkdir -p d/sub && echo 1 >d/a && echo 1 >d/sub/b && echo 1 >f && echo 1 >gone
mlops track d f gone >/dev/null && git commit -qm one && git tag v1 && cp -a d d1
echo 22 >d/a; echo 22 >f; echo 22 >d/new; rm gone gone.mlops; git rm -q --cached gone.mlops
mlops track d f >/dev/null && git commit -qm two && git tag v2 && cp -a d d2

run mlops checkout v1 d --json
rc_is 0 "a folder of another revision"
schema_ok checkout.json
json_is '[d["written"], d["removed"], d["unchanged"]]' '[1,1,1]' "only what differs is touched"
ok "is as it was then" diff -r d d1
is "$(cat f)" 22 "other paths are left alone"
is "$(git diff --cached --name-only)" d.mlops "its pointer is staged"
ok "and is that of the revision" git diff --cached --quiet v1 -- d.mlops
is "$(mlops status)" "nothing has changed" "the data is what its pointer says"
ok "to the other one, which is committed too" mlops checkout v2 d
ok "is as it was" diff -r d d2
is "$(git status --porcelain -uno)" "" "for git as well"

is "$(mlops checkout v1)" "3 written, 1 removed, 1 unchanged" "all that the revision tracks"
is "$(cat gone)" 1 "what is tracked no longer comes back"
like "$(git diff --cached --name-only)" "^gone.mlops$" "with its pointer"
ok "and its line for git" git check-ignore -q gone
ok "back again" mlops checkout v2
is "$(cat gone)" 1 "what the revision does not track stays"
git rm -q -f gone.mlops && rm -f gone

is "$(mlops checkout v1 d/a)" "1 written, 0 removed, 0 unchanged" "one file of a folder"
is "$(cat d/a d/new d/sub/b | tr '\n' ' ')" "1 22 1 " "alone"
is "$(mlops status)" "nothing has changed" "the folder's pointer has it now"
is "$(mlops diff HEAD)" "modified: d/a (3 B -> 2 B)" "and nothing else"
mlops checkout HEAD d >/dev/null 2>"$err"
is $? 3 "a pointer that is in no commit is a change"
like "$err" "'d.mlops' is in no commit" "it is named"
is "$(cat d/a)" 1 "and kept, with the data"
ok "--force overwrites it" mlops checkout --force HEAD d
ok "which is as committed" diff -r d d2

echo precious >d/a && echo more >d/more
run mlops checkout v1 d
rc_is 3 "data that is stored nowhere stands in the way"
like "$err" "'d/a', 'd/more'" "it is named"
is "$(cat d/a d/more)" "precious
more" "and kept"
ok "the pointer too" git diff --quiet HEAD -- d.mlops
ok "--force overwrites it" mlops checkout -f v1 d
oid=$(echo precious | sha256sum | cut -d' ' -f1)
printf 'mlops: 1\npath: back\nkind: file\noid: sha256:%s\nsize: 9\n' "$oid" >back.mlops
ok "after storing it" mlops checkout back
is "$(cat back)" precious "every byte"
rm back back.mlops
mlops checkout v2 d >/dev/null

run mlops checkout v1 nix
rc_is 2 "no such path"
run mlops checkout v1 -- nix
rc_is 1 "nor in the revision"
like "$err" "'nix' is not tracked at 'v1'" "which is said"
run mlops checkout v9 -- d
rc_is 1 "no such revision"
run mlops checkout v1 -- d/new
rc_is 1 "a file that came later"
like "$err" "'d/new' is not listed" "is named"
echo x >v1 && mlops track v1 >/dev/null
run mlops checkout v1
rc_is 2 "a revision and a path of one name"
ok "-- in front of the path" mlops checkout -- v1
ok "-- behind the revision" mlops checkout v1 --
rm v1 v1.mlops && git rm -q --cached v1.mlops
mlops checkout v2 >/dev/null

git rm -q --cached f.mlops && rm f.mlops && sed -i '/^\/f$/d' .gitignore && git add f && git commit -qam "f in git"
run mlops checkout v1 f
rc_is 1 "what git holds now"
like "$err" "'f' is in git now" "is not tracked as well"

new_project
mkdir s && echo 1 >s/x && mlops track s/x >/dev/null && git commit -qm one && git tag v1
mkdir "$scratch/elsewhere" && rm -r s && ln -s "$scratch/elsewhere" s
run mlops checkout v1 -- s/x
rc_is 1 "a folder that is a symlink now"
is "$(ls "$scratch/elsewhere")" "" "nothing is written through it"

make_data
mlops remote add origin "$scratch/far" && mlops push >/dev/null && git add . && git commit -qm remote && git tag v1
echo new >data/f1 && rm data/f2 && mlops track data >/dev/null && git commit -qam two && mlops push >/dev/null
origin=$PWD && clone
run mlops checkout v1 data/f1
rc_is 0 "what is not here is fetched"
is "$(cat data/f1)" "row 1" "one file of a folder of which nothing was here"
like "$(mlops status)" "not here: data \(10 files\)" "and the rest still is not"
ok "all of it" mlops checkout --force v1
same=$(cd "$origin" && mlops checkout v1 >/dev/null && pwd)
ok "is the same everywhere" diff -r data "$same/data"
done_testing
