# What is tracked at any revision: folders, files, outputs; revisions and paths told apart.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

make_data
git tag v1
mlops remote add origin "$scratch/far" && mlops push >/dev/null && mlops remote remove origin
echo more >data/more && rm data/f1 && mlops track data >/dev/null
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd: mkdir -p made && echo 1 > made/out
    outs: [made]
YAML
mlops run >/dev/null 2>&1
git add . && git commit -qm two

run mlops ls
rc_is 0
is "$(cat "$out")" "data/
large.bin
made/" "what is tracked, outputs too"
is "$(mlops ls v1)" "data/
large.bin" "and at a revision"
is "$(mlops ls made)" "made/out" "an output is looked into"
like "$(mlops ls data)" "^data/more$" "what a folder holds"
unlike "$(mlops ls data)" "data/f1" "and no longer does"
unlike "$(mlops ls v1 data)" "data/more" "or did not yet"
is "$(mlops ls v1 data/f1)" "data/f1" "one file"
is "$(mlops ls data/deep)" "data/deep/er/" "a folder in a folder"
is "$(mlops ls -R data/deep)" "data/deep/er/file" "to the ground"
is "$(cd data/deep && mlops ls er)" "data/deep/er/file" "paths are seen from the current folder"
is "$(mlops ls --recursive | grep -c .)" 14 "--recursive lists every file"
git worktree add -q ../linked v1
is "$(cd ../linked && mlops ls HEAD~0 | wc -l)" 2 "in a linked work tree"

run mlops ls v1 data/more
rc_is 1 "a path that the revision does not have"
like "$err" "there is no 'data/more'" "is named"
run mlops ls v1 mlops.yaml
rc_is 1 "nor is what git holds tracked"
like "$err" "'mlops.yaml' is not tracked at 'v1'" "which is said"
like "$err" "^hint: .*git show 'v1:./mlops.yaml'" "with the way to see it"
run mlops ls nix --
rc_is 1 "no such revision"
like "$err" "git knows no revision 'nix'" "is named"
echo x >v1 && mlops track v1 >/dev/null
run mlops ls v1
rc_is 2 "a revision and a path of one name"
like "$err" "'v1' is a revision and a path too" "are not guessed at"
is "$(mlops ls -- v1)" v1 "-- in front of it: the path"
is "$(mlops ls v1 -- | wc -l)" 2 "-- behind it: the revision"
rm v1.mlops v1
run mlops ls v1 HEAD data
rc_is 2 "two revisions"

run mlops ls --json v1 data/tool data/deep
schema_ok ls.json
json_is '[d["revision"], [[e["path"], e["kind"], e["size"], e["here"]] for e in d["entries"]]]' \
	'["v1",[["data/tool","executable",10,1],["data/deep/er","folder",5,1]]]' "as JSON"
run mlops ls -l
like "$out" "^KIND +SIZE +OBJECT +HERE +PATH" "a table"
like "$out" "^file +2.9 MiB +$(sha256sum large.bin | cut -c1-12) +yes +large.bin" "with the hash"

mlops remote add origin "$scratch/far" && mlops push >/dev/null
git add . && git commit -qm remote && origin=$PWD
clone
run mlops ls -l
like "$out" "^folder .* no +data$" "in a clone nothing is here"
like "$(mlops ls v1 data)" "^data/f2$" "the listing of a folder is fetched"
run mlops ls --json v1 data
json_is 'sum(e["here"] for e in d["entries"])' 0 "and no content"
ok "nothing is damaged" mlops verify
done_testing
