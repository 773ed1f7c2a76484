# The check-up: outside of a project, in a sound one, and in one with faults.
. "$(dirname "$0")/../lib/tap.sh"

status_of() { json_get "[c['status'] for c in d['checks'] if c['name'] == '$1'][0]"; }

run mlops doctor --json
rc_is 0 "outside of a project it is no failure"
schema_ok doctor.json
is "$(status_of project)" warn "but it is said"
is "$(status_of libgit2)" ok "libraries are found"
is "$(status_of python3)" ok "and Python"

new_project
run mlops doctor
rc_is 0 "a sound project passes"
like "$out" '^ok +project ' "in a table"
like "$out" '^remotes: add one with: mlops remote add' "and advice is given"

mkdir "$scratch/remote"
mlops remote add origin "$scratch/remote"
run mlops doctor --json
rc_is 0 "a remote that is there passes"
is "$(status_of 'remote origin')" ok "and has a row"

mlops remote add gone http://127.0.0.1:1/
run mlops doctor --json
rc_is 3 "a remote that does not answer fails"
schema_ok doctor.json "the output is still valid"
is "$(status_of 'remote gone')" fail "in its row"
json_is 'd["ok"]' false "and in the sum"

new_project
echo '[core' >.mlops/config
run mlops doctor --json
rc_is 3 "a config file that cannot be read fails"
is "$(status_of config)" fail "in its row"

new_project
printf 'not a database, but long enough to have a header of its own' >.mlops/mlops.db
run mlops doctor --json
rc_is 3 "a damaged database fails"
is "$(status_of database)" fail "in its row"
is "$(status_of store)" ok "the rest is looked at all the same"

done_testing
