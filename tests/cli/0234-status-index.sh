# The manual is enough to read the index: an independent reader, written from it, finds each file with
# its stat data and hash, and each folder with the hashes of its tree.
. "$(dirname "$0")/../lib/tap.sh"

python3 -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("xxhash"))' ||
	skip_all "no libxxhash for Python"
new_project
mkdir -p d && seq 1 5000 >d/numbers && : >d/empty && ln -s numbers d/link && echo run >d/run && chmod +x d/run
head -c 2000000 /dev/urandom >d/large && echo one >single
mlops track d single >/dev/null
run python3 "$tap_src/tests/lib/index_reader.py"
rc_is 0 "all of it is as the manual says"
is "$(sed 's/ [01] / /' "$out")" "d d
f d/empty
f d/large
l d/link
f d/numbers
x d/run
f single" "each file and folder is there once"
echo changed >single && mlops track single >/dev/null && rm -r d && mlops checkout d >/dev/null
run python3 "$tap_src/tests/lib/index_reader.py"
rc_is 0 "so it is after a change and a checkout"

done_testing
