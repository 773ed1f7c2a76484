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

# through mlops server, plain and sealed, and through a sealed folder
openssl rand -hex 32 >~/key && chmod 600 ~/key
shares() { # NAME, in $first with the remote "team"
	echo "$1" >in && git add -A && git commit -qm "$1"
	rm -f log mlops.lock
	git rm -q --cached mlops.lock 2>/dev/null
	git commit -qm lock
	fresh x && cp .mlops/config ../x/.mlops/config
	ok "$1: the first run" mlops run
	unlike "$err" "not shared" "$1: shares"
	(cd ../x && mlops run >out 2>err; echo $? >rc)
	is "$(cat ../x/rc) $(cat ../x/log 2>/dev/null)" "0 " "$1: elsewhere nothing runs"
	is "$(cat ../x/twice)" "$1
$1" "$1: and all is there"
	echo "other $1" >in
	run mlops run
	unlike "$err" "not shared" "$1: sharing again"
	: >log
	mlops push >/dev/null 2>"$err"
	unlike "$err" "not shared" "$1: and by push"
}
remote() {
	mlops remote remove team >/dev/null 2>&1
	mlops remote add team "$1" >/dev/null
	rm -rf .mlops/store .mlops/mlops.db* .mlops/run/uptodate
}
. "$tap_src/tests/lib/remote.sh"
export MLOPS_KEY_FILE=~/key
remote "$scratch/sealed"
mlops config remote.team.encryption aes-256-gcm
shares "a sealed folder"
fails "no command can be read there" grep -rq "echo ran" "$scratch/sealed"
fails "and there is nothing but sealed objects" sh -c "find '$scratch/sealed' -type f | grep -v /sealed/ | grep -v mlops-remote"
unset MLOPS_KEY_FILE
start_server "$scratch/server" --no-auth
mlops config remote.team.encryption off
remote "$server_url"
shares "a server"
is "$(find "$scratch/server/results" -type f | wc -l | tr -d ' ')" 4 "the server has the results"
export MLOPS_KEY_FILE=~/key
mlops config remote.team.encryption aes-256-gcm
shares "a sealed server"
is "$(find "$scratch/server/results" -type f | wc -l | tr -d ' ')" 4 "not as such"
unset MLOPS_KEY_FILE
name=$(printf 'x' | sha256sum | cut -c-64)
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
is "$(status "$server_url/v1/results/$name")" 404 "a result that is not there"
is "$(status "$server_url/v1/results/xyz")" 400 "a name that is none"
is "$(status -T "$first/in" "$server_url/v1/results/$name")" 201 "one can be put"
is "$(echo changed | status -T - "$server_url/v1/results/$name")" 201 "another in its place"
is "$(curl -s "$server_url/v1/results/$name")" "$(cat "$first/in")" "changes nothing"
done_testing
