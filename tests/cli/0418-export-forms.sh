# mlops export: the pipeline as a script, a makefile and jobs of Kubernetes.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir src
echo 1 >in
echo 'k: 5' >params.yaml
cat >mlops.yaml <<'YAML'
stages:
  last: {cmd: 'cat made/a "made/b c" > end; echo $$ > /dev/null', deps: [made/a, 'made/b c'], outs: [end]}
  first:
    cmd:
      - |
        cat ../in ../params.yaml > ../made/a
        	echo "tab $WHAT"
      - [sh, -c, 'echo $0 > "../made/b c"; echo "$(cat ../in)" > /dev/null', "it's"]
    wdir: src
    deps: [../in]
    params: [../params.yaml: [k]]
    outs: [../made/a, '../made/b c']
    env: {WHAT: "a 'b' $HOME"}
    timeout: 90s
    resources: {cpus: 2, memory: 1MiB}
  says: {cmd: 'echo said >&2', deps: [end]}
  never: {cmd: 'touch frozen', outs: [frozen], frozen: true}
YAML
whole() {
	is "$(tr '\n' ' ' <end)" "1 k: 5 it's " "$1: the results are those of a run"
	ok "$1: a frozen stage is left out" test ! -e frozen
}
run mlops export local -o all.sh
rc_is 0 "a script"
run sh all.sh
rc_is 0 "runs"
like "$out" "^tab a 'b' .HOME$" "with variables as they are"
like "$err" "^stage 'says'$" "and tells of its stages"
whole script
sed -i 's/cat made/exit 3; cat made/' mlops.yaml
run mlops export local
is "$(sh "$out" 2>&1 | grep -c said)" 0 "it ends where a stage fails" || diag <"$out"
sed -i 's/exit 3; //' mlops.yaml

if command -v make >/dev/null; then
	rm -rf made end
	run mlops export make -o Makefile
	rc_is 0 "a makefile"
	run make -j2
	rc_is 0 "runs"
	like "$err" "^said$" "a stage without outputs too"
	whole make
	run make made/a
	like "$out" "is up to date" "and then nothing is to be done"
	touch -d '1 hour' params.yaml
	run make -n made/a
	like "$out" "cat .*params.yaml" "until a parameter changes"
	sed -i 's/deps: \[end\]/deps: ["e*"]/' mlops.yaml
	run mlops export make
	rc_is 1 "a pattern"
	sed -i 's/deps: \["e\*"\]/deps: [end]/' mlops.yaml
else
	skip "make is not installed" "a makefile"
fi

mlops config engine.kubernetes.image image:1
run mlops export kubernetes
like "$err" "has no volume" "jobs need a volume"
mlops config engine.kubernetes.volume "claim:$PWD"
run mlops export kubernetes
rc_is 0 "jobs"
is "$(grep -c '^---$' "$out")" 3 "one a stage"
is "$(sed -n 's/^ *mlops\/stage: //p' "$out" | uniq | tr '\n' ' ')" "first last says " "in order"
like "$out" "^  activeDeadlineSeconds: 90$" "with time limits"
if python3 -c 'import yaml' 2>/dev/null; then
	rm -rf made end
	python3 -c 'import sys, yaml
for job in yaml.safe_load_all(sys.stdin):
    print(job["spec"]["template"]["spec"]["containers"][0]["command"][2].replace("$$", "$") if job else "")
' <"$out" >jobs.sh
	sh jobs.sh >/dev/null 2>&1
	whole jobs
fi
run mlops export ssh
rc_is 2 "an engine without a form of its own"
run mlops run --on make
rc_is 2 "and one that nothing runs on"
like "$err" "mlops export make" "but that can be exported to"
sed -i "s/frozen: true/if: \"env.CI == 'true'\"/" mlops.yaml
run mlops export local
rc_is 1 "a condition"
like "$err" "stage 'never' has a condition" "cannot be exported"
done_testing
