# mlops run --on an ssh engine: stages on hosts that are logged in to.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/uses.sh"
. "$tap_src/tests/lib/peers.sh"

command -v ssh >/dev/null || skip_all "ssh is not installed"
start_sshd || done_testing
# What ssh would take from the home folder of the user, which is another one than $HOME here.
cat >"$HOME/ssh.conf" <<CONF
Host one two
	HostName 127.0.0.1
	Port $sshd_port
	User $(id -un)
	IdentityFile $HOME/.ssh/id_ed25519
	UserKnownHostsFile $HOME/.ssh/known_hosts
Host stranger
	HostName 127.0.0.1
	Port $sshd_port
	User $(id -un)
	IdentityFile $HOME/.ssh/id_ed25519
	UserKnownHostsFile /dev/null
Host gone
	HostName 127.0.0.1
	Port 1
CONF
there=$tap_root/there

# set_up HOSTS: a project whose engine `pool` has these hosts.
set_up() {
	new_project
	mlops config engine.pool.type ssh
	mlops config engine.pool.hosts "$1"
	mlops config engine.pool.dir "$there"
	mlops config --local engine.pool.sshconfig "$HOME/ssh.conf"
}

set_up one
mkdir -p data src
printf '1\n2\n' >data/in
echo 'cat data/in; cat ../params.yaml' >src/prog.sh
echo 'k: 5' >params.yaml
echo untold >'un told'
printf 'skipped\n' >.gitignore
echo x >skipped
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd:
      - 'cat ../data/in ../params.yaml "../un told" > ../made/all; test ! -e ../skipped; pwd > where; echo "$MLOPS_STAGE $WHAT"'
      - [sh, -c, 'mkdir tree; ln -s ../where tree/link; echo $0 > tree/file; echo told >&2', "it's"]
    wdir: src
    deps: [../data]
    params: [../params.yaml: [k]]
    outs: [../made/all, where, tree]
    env: {WHAT: "a 'b' $HOME"}
  use: {cmd: 'wc -l < made/all > lines; mkdir empty', deps: [made/all], outs: [lines, empty]}
YAML
git add -A && git commit -qm all
run mlops run --on pool
rc_is 0 "stages run on a host"
like "$out" "^make a 'b' .HOME$" "what they print is seen, and they have their variables"
like "$err" "^told$" "on both streams"
is "$(tr '\n' ' ' <made/all)" "1 2 k: 5 untold " "dependencies, parameters and code are there"
like src/where "^$there/mlops-make\.[A-Za-z0-9]*/work/src$" "in a folder of their own"
is "$(cat src/tree/file)" "it's" "with all their commands"
is "$(readlink src/tree/link)" "../where" "symlinks come back as such"
is "$(cat lines)" 4 "a stage gets what another made"
ok "and empty folders come back" test -d empty
is "$(ls -A "$there")" "" "nothing is left on the host"
is "$(ls -A "$TMPDIR")" "" "nor of the connection"
is "$(grep -c 'Accepted publickey' "$sshd_dir/log")" 1 "which both stages shared"
run mlops run
like "$err" "everything is up to date" "the lock does not depend on where a stage ran"
run mlops run --on local -f use
rc_is 0 "and here it gives the same"

cat >mlops.yaml <<'YAML'
stages:
  fails: {cmd: 'echo half > out; exit 7', outs: [out], engine: pool}
YAML
run mlops run
rc_is 1 "a command that fails there"
like "$err" "its command exited with status 7" "has its status"
ok "its outputs do not come back" test ! -e out
is "$(ls -A "$there")" "" "and nothing is left of it"
sed -i 's/exit 7/exit 255/' mlops.yaml
run mlops run
like "$err" "its command exited with status 255" "also one that ssh has for itself"
sed -i 's/exit 255/kill -9 $$/' mlops.yaml
run mlops run
like "$err" "ended by signal 9" "or a signal"
printf 'stages: {fails: {cmd: "true", outs: [out], engine: pool}}\n' >mlops.yaml
run mlops run
like "$err" "did not write its output 'out'" "an output that is not there"
printf 'stages: {s: {cmd: "ln -s /etc up; true", outs: [up/hosts], engine: pool}}\n' >mlops.yaml
run mlops run
rc_is 1 "an output below a symlink"
ok "touches nothing" test -s /etc/hosts

cat >mlops.yaml <<'YAML'
stages:
  much: {cmd: 'printf "a\001b"; head -c 300000 /dev/zero | tr "\0" x; printf "\001\001"; echo > out', outs: [out]}
YAML
run mlops run --on pool
is "$(tr -dc x <"$out" | wc -c)/$(tr -dc '\001' <"$out" | wc -c)" 300000/3 "all that a stage prints comes, and nothing else"
ok "and its outputs" test -e out

cat >mlops.yaml <<'YAML'
stages:
  secret: {cmd: 'printf %s "$TOKEN" | wc -c > n; echo $TOKEN; tr "\0" " " < /proc/$PPID/cmdline', outs: [n], secrets: [TOKEN]}
YAML
run env TOKEN=very-secret mlops run --on pool
rc_is 0 "a secret"
is "$(cat n)" 11 "gets there"
unlike "$out" very-secret "and is not shown"

cat >mlops.yaml <<'YAML'
stages:
  boxed: {cmd: 'ls -A > seen', deps: [data], outs: [seen], sandbox: true}
YAML
run mlops run --on pool
is "$(tr '\n' ' ' <seen)" "data seen " "with a sandbox only what is declared is sent"

# What it used there.
uses_much pool

# Hosts that fail, and none.
cat >mlops.yaml <<'YAML'
stages:
  boxed: {cmd: 'ls -A > seen', deps: [data], outs: [seen], sandbox: true}
YAML
mlops config engine.pool.hosts "gone one"
run mlops run --on pool -f
rc_is 0 "a host that cannot be reached is left out"
like "$err" "host 'gone' cannot be reached and is left out" "with a warning"
mlops config engine.pool.hosts "gone stranger"
run mlops run --on pool -f
rc_is 4 "none that can be reached, one for its unknown key"
like "$err" "stage 'boxed' failed: none of the 2 hosts of engine 'pool' can be reached" "says so"
git config -f .mlops/config engine.pool.hosts -oProxyCommand=x
run mlops run --on pool -f
like "$err" "is no host" "an option is no host"
mlops config engine.pool.hosts "one=0"
run mlops run --on pool -f
like "$err" "'0' is no number of slots for host 'one'" "slots are numbers"
run mlops run --on nowhere
rc_is 2 "an engine that is not there"
like "$err" "there is: local, ssh, " "tells which are"
mlops config engine.pool.hosts one
mlops config --local --unset engine.pool.sshconfig
mlops config engine.pool.sshconfig "$HOME/ssh.conf"
run mlops run --on pool -f
rc_is 1 "a file of settings for ssh, which may name programs"
like "$err" "setting 'engine.pool.sshconfig' is in .mlops/config, which is shared" "is one's own"

# Slots: two of the four stages at a time.
set_up "one two"
cat >mlops.yaml <<'YAML'
stages:
  s:
    foreach: [1, 2, 3, 4]
    do:
      cmd: 'd=$(cd ../..; pwd); mkdir $d/at.${item}; ls -d $d/at.* | wc -l > n${item}; until [ -e $d/go ]; do sleep 0.05; done; rmdir $d/at.${item}'
      outs: ['n${item}']
YAML
mlops run --on pool -j 4 >"$tap_root/slots" 2>&1 &
run_pid=$!
at_work() { [ "$(ls -d "$there"/at.* 2>/dev/null | wc -l)" = "$1" ]; }
ok "as many as there are slots are at work" wait_for 30 at_work 2
touch "$there/go"
wait $run_pid
is $? 0 "and all come to their end"
is "$(cat n? | sort -n | tail -1)" 2 "never more at a time"
rm "$there/go"

# Interrupting.
set_up one
cat >mlops.yaml <<YAML
stages:
  long: {cmd: 'trap "echo bye; exit 1" TERM; echo \$\$ > $there/pid; sleep 1000 & wait', outs: [out]}
YAML
mlops run --on pool >"$tap_root/long" 2>&1 &
run_pid=$!
ok "a stage that takes long" wait_for 30 test -s "$there/pid"
kill -TERM $run_pid
wait $run_pid
is $? 143 "is ended by a signal"
like "$tap_root/long" "^bye$" "which it may catch"
ended() { ! kill -0 "$(cat "$there/pid")" 2>/dev/null; }
ok "it is gone" wait_for 20 ended
rm -f "$there/pid"
is "$(ls -A "$there")" "" "with its folder"
mlops run --on pool >"$tap_root/long" 2>&1 &
run_pid=$!
ok "again" wait_for 30 test -s "$there/pid"
kill -9 $run_pid
wait $run_pid 2>/dev/null
ok "and ended when the run is killed" wait_for 30 ended
rm -f "$there/pid"
empty() { [ -z "$(ls -A "$there")" ]; }
ok "with its folder too" wait_for 30 empty
sed -i 's/outs:/timeout: 2s, outs:/' mlops.yaml
run mlops run --on pool
like "$err" "it took longer than its timeout of 2.0 s" "a timeout holds there"
done_testing
