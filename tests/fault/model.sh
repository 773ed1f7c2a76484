# Promoting a version, each of its calls refused in turn: it is in the one stage or in the other, and the
# former one archived with it.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/fault.sh"

prepare() {
	git init -q && mlops init && mlops config model.staging none && echo 1 >model || exit 1
	for prepared in 1 2; do mlops model register m --path model >/dev/null || exit 1; done
	mlops model promote m:1 staging >/dev/null
}

attempt() { exec mlops model promote m:2 staging --archive; }

stages() { mlops model show m --json | tr -d ' \n' | grep -o '"stage":"[a-z]*"' | tr '\n' ' '; }

intact() {
	case $(stages) in
	'"stage":"none" "stage":"staging" ') ;;
	'"stage":"staging" "stage":"archived" ') ;;
	*) return 1 ;;
	esac
}

finished() { [ "$(stages)" = '"stage":"staging" "stage":"archived" ' ]; }

fault_test "model promote"
