# `mlops gc` in a store of its own, killed: as gc.sh, with garbage that is put aside first.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"
. "$tap_src/tests/lib/garbage.sh"
garbage_store=.mlops/shelf

attempt() { exec mlops gc --keep-within 0 --quarantine 0 --yes; }
intact() { whole; }
finished() {
	[ "$(objects)" = 9 ] && [ -z "$(find .mlops/shelf/packs -name '*.gone')" ] && whole
}

crash_test gc-shared points times
