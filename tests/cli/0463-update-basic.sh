# mlops update: imported data follows its origin.
. "$(dirname "$0")/../lib/tap.sh"

mkdir theirs && cd theirs && git init -q && mlops init >/dev/null || exit 1
mkdir data && echo one >data/one && echo text >text
mlops track -q data >/dev/null && git add -A && git commit -qm first && git tag v1
cd .. && new_project
mlops import -q ../theirs data@main >/dev/null
mlops import -q ../theirs text@v1 >/dev/null
git add -A && git commit -qm import
run mlops update
rc_is 0 "nothing is new"
is "$(sed 's/(.*//' "$out" | tr '\n' '|')" "unchanged: data |unchanged: text |" "and that is said"
(cd ../theirs && echo two >data/one && echo new >data/new && echo more >text && mlops track -q data >/dev/null && git add -A && git commit -qm second)
run mlops update --dry-run
like "$out" "to update: data \(.* -> .*\)" "what is new"
is "$(git status --porcelain)$(cat data/one)" one "a dry run changes nothing"
echo mine >data/one
run mlops update
rc_is 3 "changes of one's own"
like "$err" "cannot update 'data': 'data' has changes" "are kept"
is "$(cat data/one)" mine "as they are"
run mlops update --force
rc_is 0 "unless they are not wanted"
is "$(cat data/one data/new | tr '\n' ' ')" "two new " "then it is what the origin has"
is "$(cat text)" text "what follows a tag stays"
like data.mlops "commit: .?$(git -C ../theirs rev-parse HEAD)" "the pointer says of which commit"
is "$(git status --porcelain)" "M  data.mlops" "and is staged"
ok "what was overwritten is stored" mlops verify
git commit -qm update
run mlops update --rev main text
like "$out" "updated: text" "something else is followed"
is "$(cat text)" more "from now on"
like text.mlops "rev: main" "as its pointer says"
run mlops update --json
schema_ok update.json
is "$(python3 -c 'import json,sys; print([u["outcome"] for u in json.load(open(sys.argv[1]))["updates"]])' "$out")" "['unchanged', 'unchanged']" "in JSON"
rm -rf data && run mlops update --rev v1 data
rc_is 3 "what was removed is a change too"
ok "and can be had back" mlops update -q --force --rev v1 data
is "$(cat data/one)" one "as it was"
echo x >own && mlops track -q own >/dev/null
run mlops update own
rc_is 1 "what was not imported"
like "$err" "nothing was imported to 'own'" "is told"
mv ../theirs ../gone
run mlops update data
rc_is 4 "an origin that is away"
is "$(cat data/one)" one "changes nothing"
done_testing
