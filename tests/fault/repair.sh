# `mlops verify --repair`, each of its calls refused in turn: what is whole stays, here and aside, and
# the next repair finishes the job.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"
. "$tap_src/tests/lib/repair.sh"

finished() { [ ! -e .mlops/store/damaged ] && mlops verify && mlops checkout && diff -r data "$scratch/data1"; }

fault_test "verify --repair"
