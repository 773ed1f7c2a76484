# The quickstart, all of it, as `make quickstart` runs it. It checks its own facts.
. "$(dirname "$0")/../lib/tap.sh"

run sh "$tap_src/examples/quickstart/run.sh"
rc_is 0 "examples/quickstart/run.sh"
like "$out" '^-- none of them failed$' "no request was lost while versions changed"
like "$out" '^That was the whole way' "it came to its end"
is "$(ls "$TMPDIR")" "" "it leaves nothing behind"

done_testing
