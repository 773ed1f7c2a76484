# .mlopsignore: what it leaves out of folders is what git would ignore by the same rules.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p d/build d/keep d/sub/build d/sub/logs d/a/b/c
for f in build/x keep/build keep/y.tmp sub/build/z sub/logs/l.log a/b/c/deep a/c a.tmp b.tmp '#hash' '!bang' \
	'sp ' 'x[1]' 'x1' foo.bak sub/foo.bak a/b/foo.bak top sub/top 'new
line.tmp' 'back\slash'; do
	echo "$f" >"d/$f"
done
printf '*.tmp\n!b.tmp\n' >.mlopsignore
cat >d/.mlopsignore <<'RULES'
# a comment

build/
/top
a/**/c
\#hash
\!bang
sp\ 
x\[1]
foo.*   
!sub/foo.bak
back\\slash
logs
RULES
printf '!logs\nlogs/*\n!*.log\n' >d/sub/.mlopsignore

# git says the same of the same files, once the rules are its own.
cp -a d ../copy && cp .mlopsignore ../copy.rules
(cd .. && git init -q reference && mv copy reference/d && mv copy.rules reference/.gitignore && cd reference &&
	for f in d d/sub; do mv $f/.mlopsignore $f/.gitignore; done &&
	git add . && git ls-files -z | tr '\n\0' '@\n' | sed 's/gitignore/mlopsignore/' | grep '^d/' | LC_ALL=C sort) >"$tap_root/want"
run mlops track d
rc_is 0 "track a folder with rules"
cp -a d ../full && rm -r d && mlops checkout >/dev/null
find d ! -type d -print0 | tr '\n\0' '@\n' | LC_ALL=C sort >"$tap_root/got"
ok "what is in it is what git would add" diff "$tap_root/want" "$tap_root/got"
isnt "$(wc -l <"$tap_root/got")" 0 "which is not nothing"

rm -r d && mv ../full d
is "$(mlops status)" "nothing has changed" "what is left out is not added"
mkdir -p d/new/build && echo x >d/new/build/x && echo y >d/new/y
is "$(mlops status)" "added: d/new/y" "nor in a new folder"
git add . && git commit -qm one
mlops track d >/dev/null
git stash -q && mlops checkout >/dev/null
fails "checkout takes a folder's files away" test -e d/new/y
ok "and keeps what is left out of it" test -e d/new/build/x -a -e d/a.tmp
run mlops track d/c.tmp
rc_is 1 "one that is not there"
echo c >d/c.tmp && run mlops track d/c.tmp
rc_is 1 "one that is left out cannot be tracked by itself"
like "$err" "left out by a rule" "and the reason is told"
echo t >t.tmp && ok "outside of tracked folders rules mean nothing to a path that is named" mlops track t.tmp

rm -r d/new && mlops checkout >/dev/null
echo '/a/late' >>d/.mlopsignore && echo late >d/a/late
git checkout -q d.mlops 2>/dev/null; git checkout -q . && mlops checkout --force >/dev/null
echo late >d/a/late && mlops track d >/dev/null && git commit -qam late
echo '/a/late' >>d/.mlopsignore
is "$(mlops status)" "modified: d/.mlopsignore" "what a tree lists stays compared"
echo changed >d/a/late
is "$(mlops status)" "modified: d/.mlopsignore
modified: d/a/late" "and its changes are seen"
run mlops checkout
rc_is 3 "so checkout does not overwrite them"
mlops track d >/dev/null
is "$(mlops status)" "nothing has changed" "tracking again leaves it out"
is "$(cat d/a/late)" changed "it stays where it is"
head -c 2000000 /dev/zero >d/.mlopsignore
run mlops status
rc_is 1 "rules without end"
like "$err" "'d/.mlopsignore' is no file of at most" "are refused"
ok "verify" mlops verify

done_testing
