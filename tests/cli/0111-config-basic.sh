# Settings: reading, writing, removing, listing, the order of the files, and bad ones.
. "$(dirname "$0")/../lib/tap.sh"

new_project
run mlops config core.lockTimeout
rc_is 1 "a setting that is not set"
like "$err" "'core.lockTimeout' is not set" "is named"
ok "set it" mlops config core.lockTimeout 5s
is "$(mlops config core.locktimeout)" 5s "names are folded as git does"
mlops config --local core.lockTimeout 6s
is "$(mlops config core.lockTimeout)" 6s "config.local wins over config"
is "$(git config -f .mlops/config core.locktimeout)" 5s "git reads the same file"
is "$(MLOPS_CORE_LOCKTIMEOUT=7s mlops config core.lockTimeout)" 7s "the environment wins over both"
unlike "$(git status --short)" "config.local" "git does not see config.local"

run mlops config --json
rc_is 0 "list as JSON"
schema_ok config.json
json_is 'd["settings"]' '[{"key":"core.locktimeout","scope":"local","value":"6s"}]' "the one that holds, and from where"
is "$(mlops config)" "core.locktimeout=6s" "list as text"
run mlops config core.lockTimeout --json
schema_ok config.json "one value is valid by the schema"
json_is 'd["value"]' 6s "one value as JSON"

ok "unset" mlops config --local --unset core.lockTimeout
is "$(mlops config core.lockTimeout)" 5s "the weaker one holds again"
run mlops config --local --unset core.lockTimeout
rc_is 1 "unset twice"

run mlops config nosection 1
rc_is 1 "a name without a section"
run mlops config --local --user a.b c
rc_is 2 "two scopes are wrong usage"
run mlops config --unset
rc_is 2 "--unset without a name"
run mlops config --user a.b
rc_is 2 "a scope to read from"

ok "the user's file" mlops config --user user.color blue
is "$(cd / && mlops config user.color)" blue "needs no project"
run sh -c 'cd / && mlops config a.b c'
rc_is 1 "a project's file does"

run mlops config core.lockTimeout soon
run mlops status
rc_is 1 "a value that makes no sense"
like "$err" "'core.locktimeout' takes a duration|'core.lockTimeout' takes a duration" "is named"
mlops config --unset core.lockTimeout 2>/dev/null || git config -f .mlops/config --unset core.locktimeout

printf '[core\nx=' >.mlops/config
run mlops config
rc_is 1 "a file that is broken"
like "$err" "\.mlops/config" "is named"

done_testing
