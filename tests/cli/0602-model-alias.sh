# Moving and removing aliases, and all that can be wrong with a name.
. "$(dirname "$0")/../lib/tap.sh"

new_project
git commit -q --allow-empty -m start
echo one >m
mlops model register wine --path m >/dev/null
echo two >m
mlops model register wine --path m >/dev/null

run mlops model alias wine champion 2
rc_is 0 "an alias moves"
is "$(cat "$out")" "wine@champion is version 2" "and says so"
run mlops model alias wine challenger 1 --json
schema_ok model-alias.json
json_is 'd["alias"], d["version"]' '["challenger",1]' "a new alias"
run mlops model show wine --json
json_is '{v["version"]: v["aliases"] for v in d["versions"]}' '{"1":["challenger"],"2":["champion"]}' "both are there"
run mlops model alias wine challenger --remove --json
schema_ok model-alias.json
json_is 'd["version"]' null "an alias goes"
run mlops model alias wine challenger --remove
rc_is 1 "it can't go twice"
like "$err" 'hint: it has: champion' "the hint has those that are left"
is "$(sqlite3 .mlops/mlops.db "SELECT group_concat(action || ' ' || subject) FROM audit WHERE action NOT LIKE '%register'")" \
	"model.alias wine@champion,model.alias wine@challenger,model.unalias wine@challenger" "the audit trail has it all"

run mlops model alias wine champion 3
rc_is 1 "a version that is not there"
like "$err" 'hint: its newest is 2' "the hint has the newest"
run mlops model alias wine champion two
rc_is 2 "a version is a number"
run mlops model alias wine champion 0
rc_is 2 "from 1"
run mlops model alias wine champion
rc_is 2 "and has to be given"
run mlops model alias wine champion 1 --remove
rc_is 2 "but not with --remove"
run mlops model alias wime champion 1
rc_is 1 "an unknown model"
like "$err" "did you mean 'wine'" "is suggested"
run mlops model alias wine a/b 1
rc_is 1 "an alias is a plain name"

run mlops model show wine@prod
rc_is 1 "an unknown alias"
like "$err" 'hint: it has: champion' "the hint has those that there are"
run mlops model show wine:99999999999999999999
rc_is 1 "a number that is too large"
run mlops model show wine:1x
rc_is 1 "a version that is no number"
run mlops model show ../wine
rc_is 1 "a name that is a path"

for name in .wine -- 'wi ne' 'wine:1' 'a@b' ''; do
	run mlops model register --path m -- "$name"
	isnt "$rc" 0 "'$name' is no name for a model"
done
run mlops model register other
rc_is 2 "neither a run nor a path"
like "$err" 'hint: .*--from-run' "the hint has both"
run mlops model register other --path nosuch
rc_is 1 "a path that is not there"
run mlops model register other --path ../outside
rc_is 1 "a path outside of the project"
run mlops model register other --path .mlops/mlops.db
rc_is 1 "a path inside of .mlops"
run mlops model ls --json
json_is '[m["name"] for m in d["models"]]' '["wine"]' "none of these left a model behind"

done_testing
