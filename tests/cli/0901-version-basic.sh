# The version, in the three ways to ask for it.
. "$(dirname "$0")/../lib/tap.sh"

run mlops version
rc_is 0 "mlops version exits 0"
like "$out" '^mlops [0-9]+\.[0-9]+\.[0-9]+$' "it prints name and version"
is "$(mlops --version)" "$(cat "$out")" "--version is the same"

run mlops version --json
rc_is 0 "--json exits 0"
schema_ok version.json
json_is '"mlops " + d["version"]' "$(mlops version)" "--json has the same version"

run mlops version surplus
rc_is 2 "an argument is wrong usage"
like "$err" "unexpected argument 'surplus'" "the message names it"
like "$err" '^hint: ' "a hint follows"

done_testing
