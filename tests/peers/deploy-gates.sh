# The gates of a canary that ask a real Prometheus.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"
. "$tap_src/tests/lib/deploy.sh"

peer prometheus || { done_testing; exit; }
peer_url=${PROMETHEUS_URL:-${PROMETHEUS_ENDPOINT:-http://127.0.0.1:29090}}
new_project
end_later prod
write_model one && add_version wine one
add=100 write_model two && add_version wine two
# spec MODEL QUERY LIMIT
spec() {
	cat >mlops.yaml <<-YAML
		deployments:
		  prod:
		    model: $1
		    strategy: {type: canary, steps: [{weight: 50, for: 300ms}]}
		    gates: {prometheus: {url: "$peer_url", query: "$2", $3}}
	YAML
}
spec wine:1 'vector(1)' 'max: 2'
mlops deploy >"$tap_root/ok"
spec wine:2 'vector(3)' 'max: 2'
run mlops deploy
rc_is 3 "a number that is too large"
like "$err" "'vector\\(3\\)' is 3, and may be 2 at most" "is told of"
spec wine:2 'scalar(vector(1))' 'min: 2'
run mlops deploy
rc_is 3 "one that is too small"
like "$err" "is 1, and must be 2 at least" "is told of"
spec wine:2 'nothing_of_that_name' 'max: 1'
run mlops deploy
rc_is 3 "a query that gives nothing"
like "$err" "has no number for 'nothing_of_that_name'" "does not pass"
spec wine:2 'sum(' 'max: 1'
run mlops deploy
rc_is 3 "one that is malformed"
like "$err" "parse error" "has Prometheus' own words"
spec wine:2 'vector(1)' 'min: 0.5, max: 1.5'
run mlops deploy
rc_is 0 "a number within both" || diag <"$err"
is "$(predict "$(url prod)" '[[1,2]]')" '{"predictions":[103]}' "lets it pass"
done_testing
