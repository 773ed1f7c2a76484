# `mlops reseal`, killed at every fault point, each way: nothing is lost, and a second run ends it.
. "$(dirname "$0")/../lib/tap.sh"

needs_faults
(umask 077 && openssl rand -hex 32 >"$HOME/key" && openssl rand -hex 32 >"$HOME/other")

# at_points NAME KEY CIPHER [OPTION...]: from the state in $scratch/before, with these settings.
at_points() {
	name=$1 key=$2 cipher=$3 n=0 lost=0
	shift 3
	while :; do
		n=$((n + 1))
		cd "$scratch" && rm -rf now && cp -a before now && cd now || exit 1
		mlops config core.encryption "$cipher"
		(MLOPS_FAULT=any:$n:kill MLOPS_KEY_FILE=$key && export MLOPS_FAULT MLOPS_KEY_FILE && mlops reseal "$@" >/dev/null 2>&1) && break
		export MLOPS_KEY_FILE="$key"
		mlops reseal "$@" >"$tap_root/ok" 2>&1 && mlops verify >>"$tap_root/ok" 2>&1 && rm -rf d &&
			mlops checkout d >>"$tap_root/ok" 2>&1 && diff -r d "$scratch/d" >>"$tap_root/ok" ||
			{ lost=$((lost + 1)); diag "after a kill at point $n:"; diag <"$tap_root/ok"; }
		unset MLOPS_KEY_FILE
	done
	is "$lost" 0 "$name: $n points"
	rm -rf "$scratch/before" && cp -a "$scratch/now" "$scratch/before"
}

new_project
mkdir d && echo a >d/a && seq 1 9000 >d/b && head -c 1500000 /dev/zero >d/big
mlops track d >/dev/null
cp -a d "$scratch/d" && cp -a . "$scratch/before"
at_points sealing "$HOME/key" aes-256-gcm
at_points "another key" "$HOME/other" aes-256-gcm --old-key "$HOME/key"
at_points opening "$HOME/other" off

done_testing
