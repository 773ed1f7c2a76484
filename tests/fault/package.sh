# Writing a package, each of its calls refused in turn: it is whole or not there.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config core.packThreshold 64K && mkdir model || exit 1
	echo small >model/small && yes large | head -c 100000 >model/large
	mlops model register wine --path model && cp -a model ../model1 && mlops model package wine -o ../good.tar
}

attempt() { exec mlops model package wine -o out.tar; }

intact() { diff -r model "$scratch/model1" && { [ ! -e out.tar ] || finished; }; }

finished() { cmp out.tar "$scratch/good.tar" && rm out.tar; }

fault_test "model package"
