# mlops model promote, approve, deprecate, archive, restore, retire, search, events.
. "$(dirname "$0")/../lib/tap.sh"

# as USER COMMAND: the same as somebody else.
as() { as_user=$1; shift; USER=$as_user "$@"; }
USER=ann
export USER

new_project
cat >mlops.yaml <<'YAML'
stages:
  train:
    cmd: 'cp accuracy model; echo "{\"accuracy\": $(cat accuracy), \"loss\": 0.5}" > metrics.json'
    deps: [accuracy]
    outs: [model: {type: model}]
    metrics: [metrics.json: {cache: false}]
YAML
for accuracy in 0.9 0.8 0.95; do
	echo $accuracy >accuracy
	mlops run >/dev/null 2>&1
	mlops model register wine --from-run last >/dev/null
done

run mlops model promote wine:1 staging
rc_is 1 "without a rule"
like "$err" "nothing says what a version of 'wine' must reach for staging" "nothing is promoted"
mlops config model.staging "accuracy >= 0.85, loss < 1"
run mlops model promote wine:2 staging
rc_is 3 "a version that is not good enough"
like "$out" "^fails  accuracy >= 0.85: 0.8$" "is told what it lacks"
like "$out" "^holds  loss < 1: 0.5$" "and has"
like "$err" "wine:2 may not go to staging: 'accuracy >= 0.85' does not hold" "and refused"
run mlops model promote wine:1 staging --dry-run
rc_is 0 "a good one"
run mlops model search --stage staging --json
json_is 'd["versions"]' '[]' "is only looked at in a dry run"
run mlops model promote wine:1 staging
like "$out" "^wine:1 is in staging$" "and goes there"
run mlops model promote wine@champion staging
rc_is 0 "which may be asked for again"
run mlops model promote wine:1 archived
rc_is 2 "archived is nothing to be promoted to"

# Production: approvals.
run mlops model promote wine:1 production
rc_is 3 "production needs an approval"
like "$out" "^fails  1 approval by role 'approver': it has none$" "and says so"
run mlops model approve wine:1
rc_is 4 "who has not got the role"
like "$err" "'ann' may not approve wine:1, having no role 'approver'" "may not approve"
mlops config role.approver "ann bob"
run mlops model approve wine:1
like "$err" "'ann' registered wine:1, which somebody else must approve" "nor who registered it"
run as bob mlops model approve wine:1 -m "looks good"
like "$out" "^wine:1 is approved$" "another one may"
run as bob mlops model approve wine:1 -m "looks good" --json
schema_ok model-approve.json
run mlops config --local model.approvals 0
run mlops model promote wine:1 production
rc_is 1 "a rule that is one's own"
like "$err" "setting 'model.approvals' is a rule for all" "is none"
mlops config --local --unset model.approvals
mlops config model.wine.approvals 2
run mlops model promote wine:1 production
rc_is 3 "a model may ask for more"
mlops config --unset model.wine.approvals
run mlops model promote wine:1 production --json
rc_is 0 "what has it"
schema_ok model-promote.json
json_is '[d["from"], d["to"], d["promoted"], [c["found"] for c in d["checks"]]]' \
	'["staging","production",true,["0.9","0.5","bob"]]' "goes to production"
run mlops model show wine:1 --json
schema_ok model-show.json
json_is '[d["stage"], d["user"], [(a["user"], a["comment"]) for a in d["approvals"]]]' \
	'["production","ann",[["bob","looks good"]]]' "which it shows"

# The next one must be better than what is there, by an alias; and takes its place.
mlops config model.production "accuracy > @champion"
mlops config role.approver bob
as bob mlops model approve wine:2 >/dev/null
mlops config model.staging none
run mlops model promote wine:1 staging
rc_is 1 "from production there is no way back to staging"
run mlops model promote wine:2 production
rc_is 3 "a worse one"
like "$out" "^fails  accuracy > @champion .0.9.: 0.8$" "is compared"
as bob mlops model approve wine:3 >/dev/null
mlops config role.approver carl
run mlops model promote wine:3 production
rc_is 3 "an approval of one who has lost the role is none"
mlops config role.approver bob
run mlops model promote wine:3 production --archive
like "$out" "^wine:1 is archived$" "a better one takes the place of what was there"
run mlops model search --stage production --json
schema_ok model-search.json
json_is '[v["version"] for v in d["versions"]]' '[3]' "alone"

# What is archived is not used.
run mlops deploy wine:1
rc_is 3 "an archived version"
like "$err" "wine:1 is archived" "is not deployed"
run mlops model archive wine:3 --json
schema_ok model-archive.json
run mlops model show wine@champion --json
json_is 'd["version"]' 1 "an alias still means it"
run mlops model search --json
json_is '[v["version"] for v in d["versions"]]' '[2]' "but it is not found"
run mlops model promote wine staging
like "$out" "^wine:2 is in staging$" "nor the newest"
run mlops model archive wine:3
rc_is 0 "it may be archived again"
run mlops model restore wine:3 --json
schema_ok model-restore.json
json_is 'd["stage"]' none "a restored one starts anew"
run mlops model events wine:3 --json
json_is '[e["action"] for e in d["events"]].count("model.archive")' 1 "which is no event"
run mlops model deprecate wine:3 -m "wine:4 is better" --json
schema_ok model-deprecate.json
run mlops model search --deprecated --where "accuracy >= 0.95" --json
json_is '[(v["version"], v["deprecated"]) for v in d["versions"]]' '[[3,"wine:4 is better"]]' "a deprecated one has a reason"
run mlops model promote wine:3 staging
like "$err" "warning: wine:3 is deprecated: wine:4 is better" "of which there is a warning when it is used"
run mlops model search CHAMP --stage archived
like "$out" "^wine:1 " "text is looked for in aliases too"
run mlops model search --stage nowhere
rc_is 2 "no such stage"
run mlops model search --where "accuracy"
like "$err" "'accuracy' is no condition on a metric" "no condition"

# Retiring.
run mlops model retire wine:1 --yes
rc_is 3 "what an alias means"
like "$err" "wine:1 is what alias 'champion' means" "is not retired"
mlops model alias wine champion --remove >/dev/null
run mlops model retire wine:1 --dry-run --json
schema_ok model-retire.json
json_is 'd["stage"]' archived "a dry run retires nothing"
run mlops model retire wine:1 --yes -m old
like "$out" "^wine:1 is retired$" "what nothing uses is"
for verb in "promote wine:1 staging" "restore wine:1" "archive wine:1" "deprecate wine:1" "approve wine:1"; do
	run mlops model $verb
	like "$err" "wine:1 is retired, which is for good" "$verb: too late"
done
run mlops model show wine:1
like "$out" "^stage +retired$" "what it was is known still"

run mlops model events wine --json
schema_ok model-events.json
json_is '[e["action"][6:] for e in d["events"] if e["subject"] == "wine:1"]' \
	'["register","promote","approve","approve","promote","archive","retire"]' "all of that is told"
run mlops model events wine:1
like "$out" "bob +model.approve +wine:1 +looks good" "with who and why"
like "$out" "none to staging; accuracy >= 0.85: 0.9; loss < 1: 0.5" "and what was asked for"
run mlops model events nothing
rc_is 1 "no such model"
done_testing
