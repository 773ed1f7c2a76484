# `mlops repack`, killed: all objects are whole, and the next one does the rest.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"
. "$tap_src/tests/lib/garbage.sh"

attempt() { exec mlops repack; }
intact() { whole; }
finished() { [ "$(objects)" = 13 ] && [ "$(ls .mlops/store/packs/*.pack | wc -l)" = 1 ] && whole; }

crash_test repack points times
