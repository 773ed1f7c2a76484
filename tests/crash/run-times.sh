# `mlops run`, killed at random times: the lock can be read, and the next run gives every output.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init || exit 1
	seq 1 200 >numbers
	mlops track numbers || exit 1
	echo 'scale: 3' >params.yaml
	cat >mlops.yaml <<-'YAML'
	stages:
	  double:
	    cmd: awk '{ print $1 * 2 }' numbers > doubled
	    deps: [numbers]
	    outs: [doubled]
	  split:
	    cmd: rm -rf parts && mkdir parts && split -l 20 doubled parts/
	    deps: [doubled]
	    params: [scale]
	    outs: [parts]
	  sum:
	    cmd: cat parts/* | awk '{ s += $1 } END { print s }' > total
	    deps: [parts]
	    outs: [total]
	YAML
	git add -A && git commit -qm one
}

attempt() { exec mlops run; }

intact() {
	rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" && mlops run --dry-run && mlops runs && mlops status numbers
}

finished() {
	[ "$(cat total)" = 40200 ] && [ "$(ls parts | wc -l)" = 10 ] && mlops run 2>&1 | grep -q 'up to date' &&
		rm -rf doubled parts total && mlops run && [ "$(cat total)" = 40200 ] &&
		[ "$(mlops runs --json | grep -c '"RUNNING"')" = 0 ]
}

crash_test run times
