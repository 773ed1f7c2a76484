# Trees that no one should believe: every command that reads them says what is wrong, in time, and
# touches nothing outside of its place.
. "$(dirname "$0")/../lib/tap.sh"

new_project
hostile() { python3 -I -S "$tap_src/tests/lib/hostile.py" "$@"; }
mlops remote add origin "$scratch/far"
cp -a . "$scratch/clean"

# clean_exit NAME: no signal, no time-out, and an error of one line when it is one.
clean_exit() {
	grep '^mlops: ' "$err" | grep -v '^mlops: warning: ' >"$tap_root/errors"
	case $rc in
	0) true ;;
	1 | 3 | 4) [ "$(wc -l <"$tap_root/errors")" -le 1 ] ;;
	*) false ;;
	esac
	tap_point $? "$1: exit status $rc" || tap_show_run
}

# fresh CASE: the project with this tree alone in it, and around it nothing but what is known.
fresh() {
	cd "$scratch" && rm -rf case && mkdir case && cp -a clean case/project && cd case/project && hostile "$1"
}

untouched() {
	is "$(cd "$scratch/case" && find . -path ./project -prune -o -print)" . "$1: nothing is written outside"
	is "$(find . -path ./.git -prune -o -path ./.mlops -prune -o -name .gitattributes -o -type f -print | sort | tr '\n' ' ')" \
		"./evil.mlops " "$1: nor inside"
	is "$(git config --get core.hooksPath)" "" "$1: git is left alone"
}

for case in $(hostile list); do
	fresh "$case"
	run timeout 60 mlops verify
	rc_is 3 "$case: verify tells"
	like "$out" '^damaged: evil: ' "$case: by the name of the pointer"
	case $case in # the others end in the same place as one of these
	parent | link-then-below | twice | garbage | deep | file)
		set -- "verify --repair" status "checkout --force" "ls evil" du diff push "track evil/a" ;;
	*) set -- "checkout --force" ;;
	esac
	for command; do
		# shellcheck disable=SC2086
		run timeout 60 mlops $command
		clean_exit "$case: $command"
	done
	untouched "$case"
done

fresh lie
run mlops verify
rc_is 3 "a folder that is made out to be empty: verify tells"
like "$out" "^damaged: evil: the folder 'd' does not hold what is said of it" "what is wrong"

# Few bytes that make up more paths than anyone can walk.
fresh bomb
for command in verify "verify --repair" push "pull --no-checkout"; do
	# shellcheck disable=SC2086
	run timeout 60 mlops $command
	rc_is 0 "10^16 paths made up by nine trees: $command"
done
fresh overflow
run timeout 60 mlops verify
rc_is 3 "more bytes than can be counted"
like "$out" 'add up to too much|does not hold' "are told"

done_testing
