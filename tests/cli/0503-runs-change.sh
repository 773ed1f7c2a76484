#!/bin/sh
# mlops runs tag, rm and restore.
. "$(dirname "$0")/../lib/tap.sh"

new_project
for name in a b c; do
	mlops exec -q --name $name -- true
done
run mlops runs tag a kind=good "note=x = y"
rc_is 0 "tags"
run mlops runs show a --json
json_is '[d["tags"]["kind"], d["tags"]["note"]]' '["good","x = y"]' "are of the run"
mlops runs tag a kind=better --remove note
run mlops runs show a --json
json_is '[d["tags"].get("kind"), d["tags"].get("note")]' '["better",null]' "one is replaced, one is gone"
run mlops runs tag a --remove note
rc_is 1 "one that is not there"
run mlops runs tag a
rc_is 2 "nothing to change"
run mlops runs tag a nonsense
rc_is 2 "no pair"

run mlops runs rm a nothing
rc_is 1 "a run that there is not"
is "$(mlops runs --json | grep -c '"id"')" 3 "takes none of the others away"
run mlops runs rm a b --json
rc_is 0 "two runs"
schema_ok runs-rm.json
is "$(mlops runs --json | grep -c '"id"')" 1 "are in no list"
run mlops runs show a --json
json_is 'd["tags"]["kind"]' better "what they have is kept"
run mlops runs restore a --json
schema_ok runs-restore.json
is "$(mlops runs --json | grep -c '"id"')" 2 "and one is back"
done_testing
