# Which paths: patterns, standard input, all that changed; and saying without doing.
. "$(dirname "$0")/../lib/tap.sh"

new_project
tracked() { git ls-files | sed -n 's/\.mlops$//p' | tr '\n' ' '; }
reset() { mlops untrack --force -- $(tracked) >/dev/null; }
mkdir -p data/a/deep data/b .hidden repo && git init -q repo
for f in top.csv data/1.csv data/2.csv data/x.txt data/a/3.csv data/a/deep/4.csv data/b/5.csv .hidden/6.csv repo/7.csv; do
	echo "$f" >"$f"
done
ln -s top.csv link.csv
echo s >script.csv && git add script.csv

run mlops track 'data/*.csv'
rc_is 0 "a pattern"
is "$(tracked)" "data/1.csv data/2.csv " "a star stops at folders"
run mlops track '**/*.csv'
rc_is 0 "two stars do not"
is "$(tracked)" ".hidden/6.csv data/1.csv data/2.csv data/a/3.csv data/a/deep/4.csv data/b/5.csv top.csv " \
	"nor do they take what is git's, a symlink, or another repository"
reset
(cd data/a && mlops track '**/*.csv') >/dev/null
is "$(tracked)" "data/a/3.csv data/a/deep/4.csv " "patterns are relative to the current folder"
reset
mlops track 'data/[ab]' data/x.txt 'data/x.*' >/dev/null
is "$(tracked)" "data/a data/b data/x.txt " "a folder that matches is taken whole, a path named twice once"
echo new >data/b/new.csv
mlops track 'data/*/*.csv' >/dev/null
is "$(grep files: data/b.mlops)" "files: 2" "in a tracked folder a pattern adds to it"
reset
echo '2.csv' >data/.mlopsignore
mlops track data/1.csv >/dev/null && mlops track 'data/?.*' >/dev/null
is "$(tracked)" "data/1.csv data/x.txt " "what .mlopsignore leaves out is not matched"
reset
echo l >'data/[ab].csv' && mlops track 'data/[ab].csv' >/dev/null
is "$(tracked)" "data/[ab].csv " "a path that is there is meant as it is spelled"
reset
mkdir 'we[ird]' && echo w >'we[ird]/w.csv' && (cd 'we[ird]' && mlops track '*.csv') >/dev/null
is "$(tracked)" "we[ird]/w.csv " "so with the folder above"
reset
run mlops track 'data/*.none'
rc_is 1 "a pattern that matches nothing"
like "$err" "'data/\*.none' matches nothing" "is named"
run mlops track '/etc/*'
rc_is 1 "a pattern outside of the project"

printf 'data/1.csv\0data/new\nline\0' >"$tap_root/list" && echo n >'data/new
line'
run mlops track --stdin0 <"$tap_root/list"
rc_is 0 "--stdin0"
is "$(git ls-files -z data | tr '\0\n' ' @')" "data/.gitignore data/1.csv.mlops data/new@line.mlops " \
	"a name with a line end too"
run sh -c "printf 'data/[12].csv\0' | mlops track --stdin0"
rc_is 1 "names there are no patterns"
run sh -c ": | mlops track --stdin0"
rc_is 0 "none"
run mlops track --stdin0 data/1.csv
rc_is 2 "with a path"
run mlops track
rc_is 2 "no path at all"
like "$err" "mlops track --update" "the hint says how to track what changed"

mlops track data/a data/b >/dev/null && git commit -qam all
echo changed >>data/1.csv; echo changed >>data/b/5.csv
run mlops track -n -u
is "$(cat "$out")" "to track: data/1.csv (19 B)
to track: data/b (2 files, 25 B)" "--update --dry-run"
is "$(git status --short -uno)" "" "changes nothing"
objects() { find .mlops/store -type f ! -path '*/tmp/*' | wc -l; }
before=$(objects)
echo more >data/b/more && mlops track -n data/b data/2.csv >"$out"
is "$(cat "$out")" "to track: data/b (3 files, 30 B)
to track: data/2.csv (11 B)" "--dry-run of a tracked and a new path"
is "$(objects)" "$before" "stores nothing"
run mlops track --update data/b/deep --json
rc_is 0 "--update below a folder"
schema_ok track.json
json_is '[t["path"] for t in d["tracked"]], d["dry_run"]' '[["data/b"],false]' "is for the path that it lies in"
rm -r data/a
run mlops track -u
is "$(cat "$out")" "tracked: data/1.csv (19 B)" "--update of all"
like "$err" "'data/a' is gone and stays tracked" "keeps what is gone"
is "$(mlops status 2>/dev/null)" "missing: data/a" "all else is as its pointer says"
is "$(mlops track -u 2>/dev/null)" "nothing has changed" "nothing is left to do"
ok "verify" mlops verify

done_testing
