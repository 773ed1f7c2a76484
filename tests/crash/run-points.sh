# mlops run killed, or failed, at every point that it passes: the project verifies, parameters are
# as they were, and the command said again finishes the job.
. "$(dirname "$0")/../lib/tap.sh"

make_project() {
	new_project
	printf '# kept\nk: 1\n' >params.yaml
	echo in >in
	cat >mlops.yaml <<'YAML'
stages:
  a: {cmd: mkdir a && cat in params.yaml > a/f, deps: [in], params: [k], outs: [a]}
  b: {cmd: cat a/f > b, deps: [a], outs: [b]}
YAML
	git add -A && git commit -qm start
	mlops run >/dev/null 2>&1
	git add -A && git commit -qm results
}

new_project
echo x >x
MLOPS_FAULT=fs.rename:1 mlops track x >"$out" 2>&1
like "$out" 'Input/output error' "this build has fault points" || done_testing

# each NAME ACTION: the n-th pass of the point, until a run gets by without meeting it
each() {
	make_project
	n=0 bad=
	while n=$((n + 1)) && [ $n -lt 200 ]; do
		rm -rf a b
		git checkout -q . 2>/dev/null
		echo "in $1 $2 $n" >in
		MLOPS_FAULT=$1:$n$2 run mlops run -P k=2
		met=$rc
		mlops verify >"$tap_root/ok" 2>&1 || bad="$bad verify:$n"
		run mlops run -P k=2
		[ "$rc" = 0 ] || bad="$bad again:$n"
		git diff --quiet params.yaml || bad="$bad params:$n"
		[ "$(cat b 2>/dev/null)" = "in $1 $2 $n
# kept
k: 2" ] || bad="$bad result:$n"
		[ "$met" != 0 ] || break
	done
	is "$bad" "" "$1${2:-:fail}: $((n - 1)) points"
	[ $n -gt 1 ] || diag "no pass of $1"
}
for point in pipeline.params pipeline.remove pipeline.pin fs.rename fs.sync; do
	each $point :kill
	each $point ''
done

done_testing
