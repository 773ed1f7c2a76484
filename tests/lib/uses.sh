# A stage of which it is known what it uses, for tests of engines; sourced after tap.sh.

# uses_much ENGINE: a second of work in a process below, that holds 64 MiB and writes 8, is recorded.
uses_much() {
	cat >mlops.yaml <<'YAML'
stages:
  uses: {cmd: 'sh ./uses; echo > out', outs: [out, written]}
YAML
	cat >uses <<'SH'
python3 -I -S -c '
import os, time
held = bytearray(b"x") * (64 << 20)
with open("written", "wb") as f:
    f.write(os.urandom(8 << 20)); f.flush(); os.fsync(f.fileno())
while time.process_time() < 1: pass
time.sleep(1)'
SH
	git add -A && git commit -qm uses
	run mlops run --on "$1"
	rc_is 0 "a stage that uses much"
	run mlops runs show last --json
	json_is '[[s["cpu_ms"] >= 1000, s["cpu_ms"] < 60000, 64 << 20 < s["peak_bytes"] < 1 << 30] for s in d["stages"]]' \
		'[[true,true,true]]' "its time and memory are recorded"
	json_is '[s["written_bytes"] == 0 or s["written_bytes"] >= 8 << 20 for s in d["stages"]]' '[true]' "and what it wrote to disk"
}
