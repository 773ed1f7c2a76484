# The overview, short help, the manual of a command, and the command line as data.
. "$(dirname "$0")/../lib/tap.sh"

run mlops help
rc_is 0 "mlops help exits 0"
like "$out" '^  version +show the version$' "it lists a command with its summary"
unlike "$out" '^  complete' "and no hidden one"
cp "$out" overview
run mlops
ok "without a command the overview is shown" cmp "$out" overview
run mlops --help
ok "--help is the same" cmp "$out" overview

run mlops version -h
rc_is 0 "-h exits 0"
like "$out" '^usage: mlops version' "-h starts with the usage"
like "$out" '^ +--json ' "-h lists the options"

run mlops help --json
schema_ok help.json
json_is '"version" in [c["name"] for c in d["commands"]]' true "--json lists the commands"

run mlops help nonesuch
rc_is 2 "an unknown command is wrong usage"
like "$err" "no command named 'nonesuch'" "and is named"
run mlops versoin
rc_is 2 "a misspelt command is wrong usage"
like "$err" "did you mean 'version'" "the one that was meant is suggested"
run mlops --nonesuch
rc_is 2 "an unknown option in front is wrong usage"

printf '#!/bin/sh\necho "extension: $*"\n' >"$tap_root/bin/mlops-hello"
chmod +x "$tap_root/bin/mlops-hello"
is "$(mlops hello a b)" "extension: a b" "mlops-hello in PATH is a command"

pages=$(dirname "$MLOPS")/man
if command -v man >/dev/null && [ -d "$pages" ]; then
	MANPAGER='cat' run mlops help version
	like "$out" 'show the version' "the page beside an uninstalled program is shown"
else
	skip "no man, or no pages in this build" "the page beside an uninstalled program is shown"
fi
done_testing
