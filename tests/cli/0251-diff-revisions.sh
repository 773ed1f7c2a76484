# What differs between revisions, and between one and the work tree.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/sub d/empty other/same
head -c 3000 /dev/urandom >d/sub/x
echo 1 >d/a; echo 1 >d/b; ln -s a d/link; echo 12345 >d/old; echo o >other/same/o; echo f >f
mlops track d other f >/dev/null && git commit -qm one && git tag one
is "$(mlops diff)$(mlops diff one)$(mlops diff HEAD one)" "" "nothing differs"
run mlops diff --exit-code
rc_is 0 "--exit-code: nothing"

echo 22 >d/a; chmod +x d/b; mv d/sub/x d/moved; rmdir d/empty; echo new >d/new; rm d/old
rm d/link; echo file >d/link
want="modified: d/a (2 B -> 3 B)
modified: d/b (2 B), now executable
deleted: d/empty/ (0 B)
type: d/link (1 B -> 5 B)
renamed: d/sub/x -> d/moved (2.9 KiB)
added: d/new (4 B)
deleted: d/old (6 B)"
is "$(mlops diff)" "$want" "the work tree against its pointers"
is "$(mlops diff HEAD)" "$want" "against a revision"
run mlops diff --exit-code -q
rc_is 3 "--exit-code: something"
mlops track d >/dev/null && git commit -qam two && git tag two
is "$(mlops diff)" "" "tracked, it is no difference to the pointers"
is "$(mlops diff one)" "$want" "and the same to the revision before"
is "$(mlops diff one two)" "$want" "and between the two"
like "$(mlops diff two one)" "^renamed: d/moved -> d/sub/x" "and the other way round"
like "$(mlops diff two one)" "^modified: d/b .*, no longer executable" "with the bit"
is "$(mlops diff one two -- d/sub)" "deleted: d/sub/x (2.9 KiB)" "a path chooses"
is "$(mlops diff one two d/a d/new)" "modified: d/a (2 B -> 3 B)
added: d/new (4 B)" "several do"
is "$(cd d && mlops diff one two a)" "modified: d/a (2 B -> 3 B)" "seen from the current folder"
is "$(mlops diff --name-only one two | tr '\n' ' ')" "d/a d/b d/empty d/link d/moved d/new d/old " "--name-only"
is "$(mlops diff --stat one two)" "1 added, 2 deleted, 3 modified, 1 renamed; +14 B, -11 B" "--stat"
run mlops diff --json one two
schema_ok diff.json
json_is '[d["from"], d["to"], d["stat"]["renamed"], len(d["differences"])]' '["one","two",1,7]' "as JSON"
json_is '[e["before"]["kind"] + " " + e["after"]["kind"] for e in d["differences"] if e["kind"] == "type"]' \
	'["symlink file"]' "with the kinds"

echo 1 >d/a
is "$(mlops diff one d/a)" "" "what was changed back does not differ"
is "$(mlops diff two d/a)" "modified: d/a (3 B -> 2 B)" "but from the other"
echo 55555 >d/a
run mlops diff --json two d/a
json_is 'd["differences"][0]["after"]["oid"]' null "of a change that need not be read the hash is not known"
schema_ok diff.json
mlops track d >/dev/null && git commit -qam three

git mv f.mlops g.mlops && sed -i 's/^path: f/path: g/' g.mlops && mv f g
git commit -qam four
is "$(mlops diff HEAD~1 HEAD)" "renamed: f -> g (2 B)" "a tracked file of another name"
rm other.mlops
is "$(mlops diff HEAD)" "deleted: other/same/o (2 B)" "what is tracked no longer"
git checkout -q other.mlops
mkdir p && echo 7 >p/q && mlops track p/q >/dev/null
is "$(mlops diff HEAD)" "added: p/q (2 B)" "what is tracked since"
git commit -qam five && git rm -q -f p/q.mlops p/.gitignore && mlops track p >/dev/null
is "$(mlops diff HEAD)" "" "the same file, tracked with its folder"
rm -r p p.mlops && git reset -q --hard

rm -r d && echo d >d
like "$(mlops diff HEAD -- d)" "^added: d " "a file in place of a folder"
like "$(mlops diff HEAD -- d)" "^deleted: d/a" "and all that was in that"
rm d && mlops checkout >/dev/null

run mlops diff one two HEAD
rc_is 2 "three revisions"
like "$err" "'HEAD' is neither a revision nor a path that is here" "the third would be a path"
is "$(mlops diff one two -- d/old)" "deleted: d/old (6 B)" "a path that is no more"
mlops diff one two --exit-code >/dev/null
is $? 3 "options may come last"

cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd: cp seed out
    deps: [seed]
    outs: [out]
YAML
echo 1 >seed && mlops run >/dev/null 2>&1 && git add . && git commit -qm run
echo 234 >seed && mlops run >/dev/null 2>&1
is "$(mlops diff HEAD)" "modified: out (2 B -> 4 B)" "outputs of the pipeline differ too"
echo 5 >out
is "$(mlops diff)" "modified: out (4 B -> 2 B)" "from what mlops.lock says"
done_testing
