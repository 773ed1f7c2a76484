# run.sharedCache: what one clone made comes back in another, through a remote.
. "$(dirname "$0")/../lib/tap.sh"

new_project
first=$PWD
mkdir ../remote && echo "version 1" >../remote/mlops-remote
ok "a remote" mlops remote add team "$PWD/../remote"
ok "results are shared through it" mlops config run.sharedCache team
echo 1 >in
cat >mlops.yaml <<'YAML'
stages:
  make: {cmd: "echo ran >> log; mkdir d; cp in d/x; echo 1 > m.json", deps: [in], outs: [d], metrics: [m.json: {cache: false}]}
  use: {cmd: "cat d/x d/x > twice", deps: [d], outs: [twice]}
YAML
printf 'log\n' >.gitignore
git add -A
git -c user.name=a -c user.email=a@b commit -qm 1
git clone -q . ../other
ok "the first run" mlops run
is "$(find ../remote/results -type f | wc -l | tr -d ' ')" 2 "both results are at the remote"

cd ../other || exit 1
run mlops run --dry-run
like "$err" "stage 'make': would run" "a dry run asks nobody"
run mlops run
rc_is 0 "a run elsewhere"
like "$err" "stage 'make': restored" "is a hit"
ok "and runs nothing" test ! -e log
is "$(cat twice)" "1
1" "the outputs are there"
ok "those that are in git too" test -e m.json
like mlops.lock 'twice' "the lock has them"
run mlops run
like "$err" "everything is up to date" "and all is up to date"

# what is at the remote is not trusted
cd "$first" || exit 1
results=$(find ../remote/results -type f)
fresh() {
	rm -rf "../$1"
	git clone -q . "../$1"
}
misses() {
	fresh c
	(cd ../c && mlops run >out 2>err; echo $? >rc)
	is "$(cat ../c/rc) $(cat ../c/log 2>/dev/null)" "0 ran" "$1: the stage runs"
}
mkdir ../kept && cp -r ../remote/results ../kept/
for file in $results; do chmod u+w "$file"; echo 'no: result' >"$file"; done
misses "a damaged result"
for file in $results; do sed 's/path: d$/path: ..\/evil/; s/path: twice/path: evil/' "../kept/${file#../remote/}" >"$file"; done
misses "a result with other outputs"
ok "nothing is written elsewhere" test ! -e ../evil -a ! -e ../c/evil
for file in $results; do sed 's/cmd: .*/cmd: other/' "../kept/${file#../remote/}" >"$file"; done
misses "a result of other inputs"
for file in $results; do cp "../kept/${file#../remote/}" "$file"; done
mv ../remote/objects ../objects
misses "a result without objects"
for object in $(cd ../objects && find . -type f); do
	mkdir -p "../remote/objects/$(dirname "$object")"
	echo junk >"../remote/objects/$object"
done
misses "damaged objects"
rm -rf ../remote/objects && mv ../objects ../remote/objects
fresh d
(cd ../d && mlops run 2>err)
ok "whole again it is a hit" test ! -e ../d/log

# trouble with the remote ends no run
mv ../remote ../away
fresh e
(cd ../e && mlops config run.sharedCache nowhere && mlops run >out 2>err; echo $? >rc)
is "$(cat ../e/rc)" 0 "a remote that is none"
like ../e/err "results are not shared now: .*no remote named 'nowhere'" "is a warning"
is "$(grep -c 'not shared' ../e/err)" 1 "and only one"
mv ../away ../remote

# mlops push gives the results of runs that were not shared
rm -rf ../remote/results
ok "push" mlops push
is "$(find ../remote/results -type f | wc -l | tr -d ' ')" 2 "has sent them"
done_testing
