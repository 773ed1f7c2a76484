# `mlops verify --repair`, killed: what is whole stays, here or aside, and the next one finishes the job.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"
. "$tap_src/tests/lib/repair.sh"

finished() { [ ! -e .mlops/store/damaged ] && mlops checkout && diff -r data "$scratch/data1"; }

crash_test "verify --repair" points times
