# `mlops exp`, killed at random times: the queue has every trial once, and the next worker does the rest.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init || exit 1
	seq 1 200 >numbers
	mlops track numbers || exit 1
	echo 'scale: 3' >params.yaml
	cat >mlops.yaml <<-'YAML'
	stages:
	  total:
	    cmd: awk -v k="$(sed 's/.* //' params.yaml)" '{ s += $1 * k } END { print s }' numbers > total
	    deps: [numbers]
	    params: [scale]
	    outs: [total]
	YAML
	git add -A && git commit -qm one
	echo '# not committed' >>mlops.yaml
	mlops exp run -P 'scale=range(1,6)' --queue --name s
	git status --porcelain >../status
}

attempt() { exec mlops exp work -j2; }

# The processes of trials end with the worker, and then nothing is taken.
settled() { ! ps -A -o args= | grep -q "[ ]trial .*$scratch/state/"; }
intact() {
	wait_for 20 settled && [ "$(mlops exp show --json | grep -c '"status": "running"')" = 0 ] &&
		git status --porcelain | cmp - ../status && mlops status
}

finished() {
	git status --porcelain | cmp - ../status && [ ! -e total ] && [ "$(git worktree list | wc -l)" = 1 ] &&
		[ "$(mlops exp show --json | grep -c '"status": "done"')" = 5 ] &&
		[ "$(mlops runs --json | grep -c '"RUNNING"')" = 0 ] &&
		mlops exp apply s/4 && [ "$(cat total)" = 80400 ] && mlops run 2>&1 | grep -q 'up to date'
}

crash_test exp times
