# Signing a path, each of its calls refused in turn: the signature is whole or not there.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

(umask 077 && openssl genpkey -algorithm ed25519 -out "$tap_root/key") 2>/dev/null
openssl pkey -in "$tap_root/key" -pubout -out "$tap_root/pub"

prepare() {
	git init -q && mlops init && mkdir model && echo weights >model/weights && echo more >model/more || exit 1
	cp -a model ../model1
}

attempt() { exec mlops model sign --path model --key "$tap_root/key"; }

intact() { cmp model/weights "$scratch/model1/weights" && { [ ! -e model/model.sig ] || finished; }; }

finished() { mlops model verify --path model --key "$tap_root/pub"; }

fault_test "model sign"
