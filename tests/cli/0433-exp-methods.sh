# mlops exp run --random and --tpe, and early stopping.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/exp.sh"

params() { json_get '[t["params"] for t in d["trials"]]'; }

exp_project
search() {
	run mlops exp run -P 'lr=uniform(0,1)' -P 'n=int(1,9)' "$@"
	rc_is 0 "exp run $*"
	run mlops exp show --json
}
search --random 5 --seed 7
json_is 'all(0 <= float(t["params"]["lr"]) <= 1 and 1 <= int(t["params"]["n"]) <= 9 for t in d["trials"])' true \
	"drawn at random, inside the bounds"
json_is 'len({t["params"]["lr"] for t in d["trials"]})' 5 "each anew"
first=$(params)
search --random 5 --seed 7
is "$(params)" "$first" "a seed decides them"
search --random 5
isnt "$(params)" "$first" "without one they are others"
json_is 'd["search"]["method"]' random "the method is on record"

search --tpe 12 --metric loss --seed 3
json_is 'd["search"]["trials"]["done"], d["search"]["metric"]' '[12,"loss"]' "TPE runs its trials"
first=$(params)
search --tpe 12 --metric loss --seed 3
is "$(params)" "$first" "and comes to the same with the same seed"
search --tpe 12 --metric loss --seed 3 --maximize
isnt "$(params)" "$first" "but not the other way round"
json_is '[t["params"] for t in d["trials"]][:10] == '"$first"'[:10]' true "after those that are drawn at random"
run mlops exp run -P lr=1 --random -3
rc_is 2 "a negative number of trials"
run mlops exp run -P lr=1 --random 3 --seed x
rc_is 2 "a seed that is no number"

# A trial logs n at each step and waits at the end, so that what does badly is stopped there.
cat >train.sh <<'SH'
n=$(sed -n 's/^n: //p' params.yaml)
[ "$n" -le 4 ] || touch "$BAD"
for step in 1 2 3 4; do mlops log metric --step $step loss="$n"; done
if [ "$n" -gt 4 ]; then sleep 60 & wait; fi
echo "{\"score\": $n}" >metrics.json
echo "$n" >model
SH
git commit -qam steps
BAD=$scratch/bad
export BAD
for rule in median halving; do
	rm -f "$BAD"
	run mlops exp run -P n=1,2,3,4,9 --metric loss --prune $rule
	rc_is 0 "exp run --prune $rule"
	ok "the bad trial began" test -e "$BAD"
	run mlops exp show --json
	json_is 'd["trials"][4]["status"], d["search"]["pruner"]' "[\"pruned\",\"$rule\"]" "and was stopped"
	json_is 'd["trials"][0]["status"]' "done" "the first was not"
	json_is 'd["search"]["best"]["trial"]' 1 "and is the best"
	schema_ok exp-show.json
	rm -f "$BAD"
done
run mlops runs show "$(json_get 'd["trials"][4]["run_id"]')" --json
json_is 'd["status"]' KILLED "the run of one that was stopped was killed"

done_testing
