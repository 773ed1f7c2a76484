# A diff reads the trees that differ and no others, and is content with what is here.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
mlops config core.packThreshold 1 # every object is a file of its own
for n in 1 2 3 4 5; do mkdir -p "d/dir$n/deep" && echo "$n" >"d/dir$n/deep/f"; done
mlops track d >/dev/null && git commit -qm one
echo changed >d/dir3/deep/f && mlops track d >/dev/null && git commit -qm two
mlops ls --json HEAD d >"$out"
for path in d/dir1 d/dir2 d/dir4 d/dir5; do
	oid=$(json_get "[e['oid'] for e in d['entries'] if e['path'] == '$path'][0]")
	rm -f ".mlops/store/loose/$(echo "$oid" | cut -c1-2)/$(echo "$oid" | cut -c3-)"
done
fails "trees are gone" mlops ls HEAD d/dir1
is "$(mlops diff HEAD~1 HEAD)" "modified: d/dir3/deep/f (2 B -> 8 B)" "equal trees are not needed"

new_project
mkdir d && echo 1 >d/a && echo 2 >d/b && mlops track d >/dev/null && git commit -qm one
echo 11 >d/a && mlops track d >/dev/null && git commit -qm two
mlops remote add origin "$scratch/far" && mlops push >/dev/null && git add . && git commit -qm remote
origin=$PWD && clone
is "$(mlops diff)" "" "data that was never pulled is no difference"
is "$(mlops diff --name-only HEAD~2 HEAD)" d "without trees a folder differs as a whole"
is "$(mlops diff --name-only HEAD~2)" d "from the work tree too"
mlops pull --no-checkout >/dev/null
is "$(mlops diff --name-only HEAD)" "d/a
d/b" "once the content is here, its absence is"
mlops checkout >/dev/null
is "$(mlops diff)" "" "and then not"
done_testing
