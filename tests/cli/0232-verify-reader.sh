# The manual is enough to read what is stored: an independent reader, written from it, gets every
# byte of a tracked folder out of pointer, trees and packs.
. "$(dirname "$0")/../lib/tap.sh"

python3 -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("zstd"))' ||
	skip_all "no libzstd for Python"
new_project
mkdir -p d/sub/deep d/empty
seq 1 5000 >d/numbers; printf '' >d/nothing; echo x >"d/sub/new
line"; ln -s numbers d/link; echo run >d/sub/deep/run && chmod +x d/sub/deep/run
head -c 2000000 /dev/urandom >d/big
i=0
while [ $i -lt 300 ]; do echo "file $i" >"d/sub/f$i"; i=$((i + 1)); done
mlops track d >/dev/null
ok "read it all" python3 -B "$tap_src/tests/lib/reader.py" .mlops/store d.mlops copy
ok "it is the same" diff -r --no-dereference d copy
is "$(readlink copy/link)" numbers "symlinks"
ok "executables" test -x copy/sub/deep/run
ok "empty folders" test -d copy/empty

done_testing
