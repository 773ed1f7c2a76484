# `mlops gc`, killed: what is named is whole, and the next one collects the rest.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"
. "$tap_src/tests/lib/garbage.sh"

attempt() { exec mlops gc --keep-within 0 --yes; }
intact() { whole; }
finished() {
	[ "$(objects)" = 9 ] && [ -z "$(find .mlops/store/packs -name '*.gone')" ] && whole
}

crash_test gc points times
