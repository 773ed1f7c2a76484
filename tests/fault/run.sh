# `mlops run`, each of its calls refused in turn, those of its database too: what was recorded before
# stays, nothing is believed that is not so, and the next run finishes the job.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K || exit 1
	echo one >in
	cat >mlops.yaml <<'YAML'
stages:
  copy:
    cmd: mkdir -p out && cp in out/small && yes "$(cat in)" | head -c 200000 >out/large && echo '{"n":1}' >m.json
    deps: [in]
    outs: [out]
    metrics: [m.json: {cache: false}]
YAML
	mlops run && git add -A && git commit -qm one || exit 1
	cp -a out ../out1
	echo two >in
}

attempt() { exec mlops run; }

intact() {
	mlops runs list && rm -rf "$scratch/copy"
	cp -a . "$scratch/copy" && cd "$scratch/copy" || exit 1
	git reset -q --hard && mlops run && diff -r out "$scratch/out1"
}

finished() { [ "$(cat out/small)" = two ] && mlops run 2>&1 | grep -q 'up to date'; }

fault_test run
