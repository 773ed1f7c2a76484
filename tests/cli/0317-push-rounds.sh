# More files than a transfer knows of at a time: push and pull go through them in rounds, and what one round
# finds nowhere still keeps the folders of all others honest.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

new_project
origin=$PWD
mlops remote add origin "$scratch/far"
seq 17100 | awk '{ dir = "data/" int($1 / 2000); if (dir != last) system("mkdir -p " dir); last = dir
	file = dir "/" $1; print ($1 % 16500) " is here, some twice" >file; close(file) }'
mlops track data >/dev/null && git add . && git commit -qm many
run mlops push --dry-run
rc_is 0 "a dry run"
ok "sends nothing" test ! -e "$scratch/far/blocks"
run mlops push --json
rc_is 0 "17100 files of 16500 contents are pushed"
json_is 'd["objects"]' 16510 "each content once, also when rounds lie between"
run mlops push --json
json_is 'd["objects"]' 0 "then there is nothing left to send"

clone
run mlops pull --json
rc_is 0 "they are pulled"
ok "and are the same" diff -r data "$origin/data"
ok "each as it is named" mlops verify

# One that is nowhere, found in the first round, in a folder that the others share.
cd "$origin" && mkdir more && echo whole >more/file && head -c 2000000 /dev/zero >data/0/gone
mlops track data more >/dev/null && git add . && git commit -qm gone
find .mlops/store/loose -type f -size 2000000c -delete
run mlops push
rc_is 1 "a push without one object of the first round"
like "$err" "'0/gone'.*neither here nor|neither here nor.*'0/gone'" "which is named"
like "$err" '1 object is neither' "and counted once"
clone
run mlops pull data
rc_is 1 "its folder was not sent"
ok "the other was" mlops pull more
done_testing
