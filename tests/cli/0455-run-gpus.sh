# What stages have of GPUs, with an NVML of ours: no test machine has NVIDIA's driver.
. "$(dirname "$0")/../lib/tap.sh"

command -v cc >/dev/null || skip_all "there is no C compiler"
mkdir "$tap_root/lib"
cc -shared -fPIC -o "$tap_root/lib/libnvidia-ml.so.1" "$tap_src/tests/lib/nvml.c" || skip_all "the library does not compile"
NVML_FAKE=$tap_root/devices
export NVML_FAKE
with_gpus() { env LD_LIBRARY_PATH="$tap_root/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"; }

# The command is at work until it was looked at some times.
new_project
mlops config run.gpus 3
cat >"$tap_root/seen" <<SH
echo \$\$ >$tap_root/pid
until [ "\$(wc -l <$NVML_FAKE.looks)" -ge 6 ]; do sleep 0.05; done
SH
cat >mlops.yaml <<YAML
stages:
  seen: {cmd: '(sh $tap_root/seen); echo > seen', outs: [seen]}
  none: {cmd: 'until [ -e seen ]; do sleep 0.05; done; echo > none', outs: [none]}
YAML
cat >"$NVML_FAKE" <<DEVICES
GPU-aa 50 700000000 $tap_root/pid 100000000 $tap_root/nobody 5000
GPU-bb 90 300000000 $tap_root/pid 200000000
GPU-cc 10 900000000
DEVICES
: >"$NVML_FAKE.looks"
run with_gpus mlops run -j2
rc_is 0 "a stage on two GPUs, another on none" || diag <"$err"
run mlops runs show last --json
json_is '[(s["name"], s["gpu"] and [s["gpu"][k] for k in ("percent", "peak_percent", "bytes", "peak_bytes")]) for s in sorted(d["stages"], key=lambda s: s["name"])]' \
	'[["none",null],["seen",[70,70,300000000,300000000]]]' "it has the mean of their work and the sum of its memory"
json_is '[s["gpu"]["samples"] > 1 for s in d["stages"] if s["gpu"]]' '[true]' "as seen more than once"
run mlops runs show last
like "$out" "GPU MEMORY" "which people see too"
like "$out" "^seen .* 70 % +286 MiB" "in the row of the stage"

# In a container the driver's process numbers mean nothing to us.
cat >"$tap_root/own" <<SH
env | grep ^CUDA_ | sort >own.env
until [ -s $NVML_FAKE.looks ]; do sleep 0.05; done
SH
cat >mlops.yaml <<YAML
stages:
  own: {cmd: 'sh $tap_root/own', outs: [own.env], resources: {gpus: 1}}
YAML
cat >"$NVML_FAKE" <<DEVICES
GPU-aa 50 700000000
GPU-bb 90 300000000
GPU-cc 10 900000000
DEVICES
: >"$NVML_FAKE.looks"
run with_gpus mlops run
is "$(tr '\n' ' ' <own.env)" "CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0 " "a stage gets a device of its own"
run mlops runs show last --json
json_is '[s["gpu"]["peak_bytes"] for s in d["stages"]]' '[700000000]' "and has what that does"
: >"$NVML_FAKE.looks"
run with_gpus env CUDA_VISIBLE_DEVICES=2,GPU-b mlops run -f
is "$(tail -1 own.env)" "CUDA_VISIBLE_DEVICES=2" "only devices that we were given are handed out"
run mlops runs show last --json
json_is '[s["gpu"]["peak_bytes"] for s in d["stages"]]' '[900000000]' "and looked at"
sed -i 's/gpus: 1/gpus: 2/' mlops.yaml
: >"$NVML_FAKE.looks"
run with_gpus env CUDA_VISIBLE_DEVICES=2,GPU-b CUDA_DEVICE_ORDER=FASTEST_FIRST mlops run -f
is "$(tail -1 own.env)" "CUDA_VISIBLE_DEVICES=2,GPU-b" "by their names"
like own.env "FASTEST_FIRST" "an order that is set stays"
run mlops runs show last --json
json_is '[[s["gpu"]["percent"], s["gpu"]["peak_bytes"]] for s in d["stages"]]' '[[50,1200000000]]' "or all of them"
sed -i 's/gpus: 2/gpus: 3/' mlops.yaml
run env CUDA_VISIBLE_DEVICES=2,GPU-b,x,1 mlops run -f
like "$err" "needs 3 GPUs and this machine has 2" "what CUDA does not take ends the list"

# A driver that fails.
sed -i 's/gpus: 3/gpus: 1/' mlops.yaml
echo look >"$NVML_FAKE.looks"
: >"$tap_root/lib/libnvidia-ml.so.1"
run with_gpus mlops run -f
rc_is 0 "a library that is none"
is "$(cat "$err" | grep -c nvidia)" 0 "is no matter"
run mlops runs show last --json
json_is '[s["gpu"] for s in d["stages"]]' '[null]' "and nothing is known"
done_testing
