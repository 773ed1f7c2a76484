# MLflow's assessments of traces on mlops server: made, read, changed, overridden, deleted, searched.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/mlflow.sh"

start_server "$scratch/data" --no-auth
at='"trace_location": {"mlflow_experiment": {"experiment_id": "0"}}'
post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"tr-a\", $at, \"assessments\": [
	{\"assessment_name\": \"inline\", \"source\": {\"source_type\": \"CODE\"}, \"feedback\": {\"value\": 0.5}}]}}}"
json_is '[(a["assessment_name"], a["valid"]) for a in d["trace"]["trace_info"]["assessments"]]' '[["inline",true]]' "one that comes with its trace"
post traces "{\"trace\": {\"trace_info\": {\"trace_id\": \"tr-b\", $at}}}"

# assess TRACE JSON: sets $aid.
assess() {
	post "traces/$1/assessments" "{\"assessment\": $2}"
	aid=$(json_get 'd.get("assessment", {}).get("assessment_id", "")')
}
me='"source": {"source_type": "HUMAN", "source_id": "me"}'
assess tr-a "{\"assessment_name\": \"good\", $me, \"feedback\": {\"value\": true}, \"rationale\": \"because\", \"metadata\": {\"k\": \"v\"},
	\"span_id\": \"00000000000000aa\", \"create_time\": \"2024-01-01T00:00:01Z\", \"last_update_time\": \"2024-01-01T00:00:02Z\"}"
json_is 'sorted((k, v) for k, v in d["assessment"].items() if k != "assessment_id")' \
	'[["assessment_name","good"],["create_time","2024-01-01T00:00:01.000Z"],["feedback",{"value":true}],["last_update_time","2024-01-01T00:00:02.000Z"],["metadata",{"k":"v"}],["rationale","because"],["source",{"source_id":"me","source_type":"HUMAN"}],["span_id","00000000000000aa"],["trace_id","tr-a"],["valid",true]]' "feedback"
good=$aid
assess tr-a "{\"assessmentName\": \"want\", $me, \"expectation\": {\"serializedValue\": {\"serializationFormat\": \"JSON_FORMAT\", \"value\": \"{\\\"a\\\": 1}\"}}}"
json_is 'd["assessment"]["expectation"], d["assessment"]["assessment_name"]' \
	'[{"serialized_value":{"serialization_format":"JSON_FORMAT","value":"{\"a\": 1}"}},"want"]' "an expectation"
want=$aid
assess tr-a "{\"assessment_name\": \"iss-1\", $me, \"issue\": {\"issue_name\": \"slow\"}}"
json_is 'd["assessment"]["issue"]' '{"issue_name":"slow"}' "an issue"
assess tr-b "{\"assessment_name\": \"score\", $me, \"feedback\": {\"value\": 0.75, \"error\": {\"error_code\": \"E\"}}}"
json_is 'd["assessment"]["feedback"]' '{"error":{"error_code":"E"},"value":0.75}' "an error in it"

for bad in "{\"assessment_name\": \"x\", $me}" "{\"assessment_name\": \"x\", $me, \"feedback\": {\"value\": 1}, \"issue\": {}}" \
	"{\"assessment_name\": \"x\", $me, \"feedback\": 1}" "{\"assessment_name\": 1, $me, \"feedback\": {\"value\": 1}}" \
	"{\"assessment_name\": \"x\", \"source\": {\"source_type\": \"ODD\"}, \"feedback\": {\"value\": 1}}" \
	"{\"assessment_name\": \"x\", $me, \"feedback\": {\"error\": 1}}" \
	"{\"assessment_name\": \"x\", $me, \"feedback\": {\"value\": 1}, \"metadata\": {\"k\": 1}}" \
	"{\"assessment_name\": \"x\", $me, \"expectation\": {\"serialized_value\": {\"value\": \"{\"}}}" \
	"{\"assessment_name\": \"x\", $me, \"feedback\": {\"value\": 1}, \"create_time\": \"now\"}"; do
	assess tr-a "$bad"
	refused 400 INVALID_PARAMETER_VALUE "refused: $bad"
done
assess tr-a "{\"assessment_name\": \"x\", $me, \"feedback\": {\"value\": 1}, \"overrides\": \"a-none\"}"
refused 404 RESOURCE_DOES_NOT_EXIST "overriding what is not there"
assess tr-none "{\"assessment_name\": \"x\", $me, \"feedback\": {\"value\": 1}}"
refused 404 RESOURCE_DOES_NOT_EXIST "of a trace that is not there"
get "traces/tr-b/assessments/$good"
refused 404 RESOURCE_DOES_NOT_EXIST "of another trace"
get traces/tr-a
json_is 'sorted(a["assessment_name"] for a in d["trace"]["trace_info"]["assessments"])' '["good","inline","iss-1","want"]' "no more than those"

found() {
	post traces/search "{\"locations\": [{\"mlflow_experiment\": {\"experiment_id\": \"0\"}}], \"filter\": \"$1\"}"
	json_get '" ".join(sorted(t["trace_id"] for t in d.get("traces",[]))) if "error_code" not in d else d["message"]'
}
is "$(found "feedback.good = 'true'")" tr-a "found by what it says"
is "$(found "feedback.good = 'false'")" "" "and by nothing else"
is "$(found "feedback.score > 0.7 AND feedback.score <= 0.75")" tr-b "by a number"
is "$(found "feedback.score > 0.8")" "" "that is less"
is "$(found "feedback.good IS NULL")" tr-b "that has none"
is "$(found "expectation.want LIKE '%a%'")" tr-a "an expectation"
is "$(found "issue.id = 'iss-1'")" tr-a "an issue"

# patch ID MASK JSON
patch() { call PATCH "traces/tr-a/assessments/$1" "{\"update_mask\": \"$2\", \"assessment\": $3}"; }
patch "$good" assessmentName,feedback,rationale,metadata \
	'{"assessment_name": "better", "feedback": {"value": "no"}, "rationale": "why not", "metadata": {"m": "2"}, "span_id": "x"}'
json_is '[d["assessment"][k] for k in ("assessment_name", "feedback", "rationale", "metadata", "span_id", "create_time")]' \
	'["better",{"value":"no"},"why not",{"k":"v","m":"2"},"00000000000000aa","2024-01-01T00:00:01.000Z"]' "changed where the mask says so"
is "$(found "feedback.better = 'no'") $(found "feedback.good IS NOT NULL")" "tr-a " "and found so"
patch "$good" expectation '{"expectation": {"value": 1}}'
refused 400 INVALID_PARAMETER_VALUE "it stays feedback"
patch "$want" feedback '{"feedback": {"value": 1}}'
refused 400 INVALID_PARAMETER_VALUE "and an expectation that"
patch "$good" source '{"source": {"source_type": "CODE"}}'
refused 400 INVALID_PARAMETER_VALUE "who said it stays"
call PATCH "traces/tr-a/assessments/$good" '{"assessment": {}}'
refused 400 INVALID_PARAMETER_VALUE "without a mask"
patch a-none rationale '{"rationale": "x"}'
refused 404 RESOURCE_DOES_NOT_EXIST "one that is there"

assess tr-a "{\"assessment_name\": \"better\", $me, \"feedback\": {\"value\": \"yes\"}, \"overrides\": \"$good\"}"
second=$aid
get "traces/tr-a/assessments/$good"
json_is 'd["assessment"]["valid"]' false "overridden"
is "$(found "feedback.better = 'no'")$(found "feedback.better = 'yes'")" tr-a "is not found"
call DELETE "traces/tr-a/assessments/$second"
call DELETE "traces/tr-a/assessments/$second"
is "$rc" 200 "deleted, twice"
get "traces/tr-a/assessments/$good"
json_is 'd["assessment"]["valid"]' true "what it overrode counts again"
get "traces/tr-a/assessments/$second"
refused 404 RESOURCE_DOES_NOT_EXIST "it is gone"
post traces/delete-traces '{"experiment_id": "0", "request_ids": ["tr-a"]}'
get "traces/tr-a/assessments/$good"
refused 404 RESOURCE_DOES_NOT_EXIST "with their trace all are"
done_testing
