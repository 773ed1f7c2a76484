# mlops run: the note that all is up to date never hides a change.
. "$(dirname "$0")/../lib/tap.sh"

new_project
note=.mlops/run/uptodate
echo 1 >in
mkdir dir && echo 1 >dir/file
echo 'k: 1' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: 'cat in dir/* params.yaml > out', deps: [in, dir], params: [k], outs: [out]}
YAML
current() {
	run mlops run
	like "$err" "everything is up to date" "$1"
}
# changed NAME: the run before found a change; the next one notes that all is well again
changed() {
	run mlops run
	like "$err" "stage 'a': (runs|restored|unchanged: as in a former run)" "$1 is seen"
	mlops run >/dev/null 2>&1
	ok "and noted once done" test -e $note
}
mlops run >/dev/null 2>&1
ok "no note before a run had nothing to do" test ! -e $note
current "nothing to do"
ok "is noted" test -e $note
current "again, by the note"
echo 2 >in
changed "a changed file"
echo 2 >dir/file
changed "a change in a folder"
echo new >dir/new
changed "a file that is new in a folder"
rm dir/new
changed "one that went"
echo 'k: 2' >params.yaml
changed "a parameter"
sed -i 's/cat in/cat  in/' mlops.yaml
changed "the command"
echo edited >out
changed "an edited output"
rm out
changed "a lost output"
rm mlops.lock
changed "a lost lock"
run mlops run -f
like "$err" "stage 'a': runs: forced" "--force does not ask it"
mlops run >/dev/null 2>&1
for damage in 'head -c 40' 'tr a-z b' ': '; do
	$damage <$note >note && mv note $note
	current "a damaged note is as good as none"
	echo "$damage" >in
	run mlops run
	like "$err" "stage 'a': runs" "and hides nothing"
	mlops run >/dev/null 2>&1
done
printf '  b: {cmd: "true", always: true}\n' >>mlops.yaml
mlops run >/dev/null 2>&1
run mlops run
like "$err" "stage 'b': runs: it always runs" "a stage that always runs does"

done_testing
