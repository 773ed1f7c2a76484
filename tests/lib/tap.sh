# Test points for shell scripts, as TAP. A script starts with
#   . "$(dirname "$0")/../lib/tap.sh"
# and ends with done_testing. It then has a scratch folder of its own as current folder, HOME and
# TMPDIR inside it, an identity for git, and `mlops` in PATH: the binary under test, which is
# $MLOPS, else build/mlops.

tap_src=$(cd "$(dirname "$0")/../.." && pwd -P)
MLOPS=${MLOPS:-$tap_src/build/mlops}
case $MLOPS in /*) ;; *) MLOPS=$PWD/$MLOPS ;; esac

tap_count=0 tap_failed=0 tap_planned='' tap_projects=0 tap_hooks=''
tap_root=$(mktemp -d "${TMPDIR:-/tmp}/mlops-test.XXXXXX") || exit 1
tap_root=$(cd "$tap_root" && pwd -P)
scratch=$tap_root/scratch
out=$tap_root/stdout err=$tap_root/stderr rc=0

tap_exit() {
	tap_status=$?
	trap - EXIT
	cd /
	eval "$tap_hooks"
	chmod -R u+w "$tap_root" 2>/dev/null
	rm -rf "$tap_root"
	[ -n "$tap_planned" ] || { echo "# the script ended before done_testing"; exit 1; }
	exit "$tap_status"
}
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

for tap_name in $(env | sed -n 's/^\(\(MLOPS\|GIT\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
	[ "$tap_name" = MLOPS_TEST_SECS ] || unset "$tap_name" # how long a test may go on
done
mkdir -p "$tap_root/home/.config" "$tap_root/tmp" "$tap_root/bin" "$scratch"
ln -s "$MLOPS" "$tap_root/bin/mlops"
HOME=$tap_root/home TMPDIR=$tap_root/tmp XDG_CONFIG_HOME=$tap_root/home/.config
PATH=$tap_root/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
GIT_CONFIG_GLOBAL=$HOME/.gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_CEILING_DIRECTORIES=$tap_root
TZ=UTC LC_ALL=C
export MLOPS HOME TMPDIR XDG_CONFIG_HOME PATH GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM \
	GIT_CEILING_DIRECTORIES TZ LC_ALL
unset CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR MAKEFLAGS MAKELEVEL LANG LANGUAGE NO_COLOR PAGER MANPATH http_proxy https_proxy HTTP_PROXY HTTPS_PROXY \
	all_proxy
cat >"$GIT_CONFIG_GLOBAL" <<'CONFIG'
[user]
	name = Test Person
	email = test@example.org
[init]
	defaultBranch = main
[commit]
	gpgSign = false
[protocol "file"]
	allow = always
[advice]
	detachedHead = false
CONFIG
umask 022
cd "$scratch" || exit 1

# tap_point STATUS NAME: one test point, passed when STATUS is 0.
tap_point() {
	tap_count=$((tap_count + 1))
	[ "$1" = 0 ] && { echo "ok $tap_count - $2"; return 0; }
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $2"
	return 1
}

# diag TEXT, or diag <file: lines that a reader of a failure wants to see.
diag() {
	if [ $# -gt 0 ]; then printf '%s\n' "$*"; else cat; fi | head -c 4000 | sed 's/^/#   /'
}

# ok NAME CMD...: passes when CMD exits 0. What CMD prints is shown when it fails.
ok() {
	tap_name=$1
	shift
	"$@" >"$tap_root/ok" 2>&1
	tap_point $? "$tap_name" || { diag "failed: $*"; diag <"$tap_root/ok"; return 1; }
}

# fails NAME CMD...: passes when CMD does not exit 0.
fails() {
	tap_name=$1
	shift
	! "$@" >"$tap_root/ok" 2>&1
	tap_point $? "$tap_name" || { diag "did not fail: $*"; diag <"$tap_root/ok"; return 1; }
}

# run CMD...: keeps its standard output in the file $out, errors in $err, exit status in $rc.
run() {
	tap_ran="$*"
	"$@" >"$out" 2>"$err"
	rc=$?
	return 0
}

tap_show_run() {
	diag "$ $tap_ran"
	diag "exit status $rc"
	diag <"$out"
	diag <"$err"
}

# rc_is N NAME: passes when the last run ended with exit status N.
rc_is() {
	[ "$rc" = "$1" ]
	tap_point $? "${2:-exit status $1}" || { diag "wanted exit status $1"; tap_show_run; return 1; }
}

# is GOT WANT NAME
is() {
	[ "$1" = "$2" ]
	tap_point $? "$3" || { diag "got:    $1"; diag "wanted: $2"; return 1; }
}

isnt() {
	[ "$1" != "$2" ]
	tap_point $? "$3" || { diag "got, and did not want: $1"; return 1; }
}

tap_match() {
	if [ -f "$1" ]; then grep -Eq -e "$2" "$1"; else printf '%s\n' "$1" | grep -Eq -e "$2"; fi
}

tap_show_match() {
	diag "$3: $2"
	if [ -f "$1" ]; then diag <"$1"; else diag "$1"; fi
}

# like TEXT-OR-FILE REGEX NAME: passes when a line matches the extended regular expression.
like() {
	tap_match "$1" "$2"
	tap_point $? "$3" || { tap_show_match "$1" "$2" "no line matches"; return 1; }
}

unlike() {
	! tap_match "$1" "$2"
	tap_point $? "$3" || { tap_show_match "$1" "$2" "a line matches"; return 1; }
}

# json_get EXPR: prints a Python expression over `d`, the JSON that the last run printed.
json_get() {
	python3 -I -S "$tap_src/tests/lib/json_get.py" "$out" "$1"
}

# json_is EXPR WANT NAME: as json_get; text is compared bare, all else as compact JSON.
json_is() {
	tap_got=$(json_get "$1" 2>&1)
	[ "$tap_got" = "$2" ]
	tap_point $? "$3" || { diag "$1 is: $tap_got"; diag "wanted: $2"; tap_show_run; return 1; }
}

# schema_ok FILE [NAME]: what the last run printed is valid by tests/schema/FILE.
schema_ok() {
	python3 -I -S "$tap_src/tests/lib/schema.py" "$tap_src/tests/schema/$1" "$out" >"$tap_root/ok" 2>&1
	tap_point $? "${2:-the output is valid by $1}" || { diag <"$tap_root/ok"; tap_show_run; return 1; }
}

# needs_faults: skips the script on a program without fault points (make FAULTS=1 or SAN=1 has them).
needs_faults() {
	grep -aq MLOPS_FAULT "$MLOPS" || skip_all "this build has no fault points"
}

# new_project: a fresh folder with a git repository and a project; changes into it.
new_project() {
	tap_projects=$((tap_projects + 1))
	mkdir "$scratch/project$tap_projects" && cd "$scratch/project$tap_projects" &&
		git init -q && mlops init >"$tap_root/ok" 2>&1 ||
		{ diag "cannot make a project"; diag <"$tap_root/ok"; exit 1; }
}

# wait_for SECONDS CMD...: tries CMD until it exits 0; fails when it did not in that time.
wait_for() {
	tap_until=$(($(date +%s) + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$tap_until" ] || return 1
		sleep 0.05
	done
}

# cleanup CMD: a line of shell to run when the script ends, last added first.
cleanup() {
	tap_hooks="$1
$tap_hooks"
}

# skip REASON NAME: one test point that cannot be tried here.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $2 # SKIP $1"
}

# skip_all REASON: ends the script, which tests nothing here.
skip_all() {
	tap_planned=yes
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	tap_planned=yes
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ] || { echo "# $tap_failed of $tap_count failed"; exit 1; }
	exit 0
}

# flip FILE OFFSET: changes one byte, whatever it is.
flip() {
	python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)[0]
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte ^ 0x55]))' "$1" "$2"
}
