# A project for tests of mlops exp: stage train reads lr and n of params.yaml, logs loss by step, and
# writes a model and metrics.json; stage prep, before it, takes no parameters.

exp_project() {
	new_project
	cat >train.sh <<'SH'
lr=$(sed -n 's/^lr: \([^#]*[^# ]\).*/\1/p' params.yaml) n=$(sed -n 's/^n: //p' params.yaml)
for step in 1 2 3; do
	mlops log metric --step $step loss="$(awk -v lr="$lr" -v n="$n" -v s=$step 'BEGIN { print (lr - 0.3) ^ 2 * n / s }')"
done
echo "{\"score\": $n}" >metrics.json
echo "$lr $n" >model
SH
	printf 'lr: 0.1 # step\nn: 1\n' >params.yaml
	mkdir data && echo "some data" >data/a && mlops track data >/dev/null
	cat >mlops.yaml <<'YAML'
stages:
  prep: {cmd: "echo prep >>$COUNT; wc -l <data/a >count", deps: [data], outs: [count]}
  train:
    cmd: sh train.sh
    deps: [count, train.sh]
    params: [lr, n]
    outs: [{model: {type: model}}]
    metrics: [{metrics.json: {cache: false}}]
YAML
	COUNT=$scratch/count.log
	export COUNT
	: >"$COUNT"
	git add . && git commit -qm one
}

# Everything of the work tree and of git's index that a trial must not change.
exp_state() {
	git status --porcelain
	git ls-files -s
	git rev-parse HEAD
	git symbolic-ref HEAD
	find . \( -name .git -o -name .mlops \) -prune -o -type f -printf '%p %m %T@\n' -exec sha256sum {} + | sort
}
