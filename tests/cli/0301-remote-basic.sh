# mlops remote: adding, listing, removing and checking remotes, and what is refused.
. "$(dirname "$0")/../lib/tap.sh"

new_project
run mlops remote --json
rc_is 0
json_is 'd["remotes"]' '[]' "no remotes at first"
schema_ok remote.json

ok "add a folder" mlops remote add origin ../far
run mlops remote ls --json
schema_ok remote-ls.json
json_is '[(r["name"], r["url"], r["default"]) for r in d["remotes"]]' '[["origin","../far",true]]' "the only one is the default"
like "$(cat .mlops/config)" 'url = \.\./far' "it is in the committed settings"

ok "add another, the default" mlops remote add hub http://127.0.0.1:1 --default
run mlops remote --json
json_is '[r["name"] for r in d["remotes"] if r["default"]]' '["hub"]' "the default is the one that was chosen"
run mlops remote
like "$out" '^hub +http://127.0.0.1:1 +yes' "as a table"

run mlops remote add origin elsewhere
rc_is 1 "a name is taken once"
like "$err" "already" "and it says so"
for name in '' . .x -- a/b 'a b' "$(printf 'a\nb')" "$(printf '%065d' 0)"; do
	run mlops remote add -- "$name" ../x
	[ "$rc" = 1 ] || [ "$rc" = 2 ]
	tap_point $? "the name '$(printf %.10s "$name" | tr '\n' ' ')' is refused"
done
run mlops remote add x https://me:secret@example.org/
rc_is 1 "a password in the URL is refused"
unlike "$err" secret "and not repeated"
like "$err" MLOPS_REMOTE_TOKEN "the hint says where it goes"
unlike "$(cat .mlops/config)" secret "nothing of it was written"
ok "a user of a machine is no secret" mlops remote add machine sftp://me@example.org/data
run mlops remote add x sftp://me:secret@example.org/data
rc_is 1 "a password is"
mlops remote remove machine
run mlops remote add x gopher://example.org/
rc_is 1 "an unknown kind of URL is refused"
like "$err" "http://" "and the known ones are named"

run mlops remote check
rc_is 4 "a server that is not there is unreachable"
run mlops remote check origin
rc_is 4 "so is a folder that is not there"
mkdir ../far
ok "and there once it is" mlops remote check origin
run mlops remote check --write origin
rc_is 0 "and takes what is put there"
is "$(find ../far -name 'probe*' -type f)" '' "of which nothing is left"

ok "remove" mlops remote remove hub
run mlops remote --json
json_is '[(r["name"], r["default"]) for r in d["remotes"]]' '[["origin",true]]' "it is gone, as the default too"
run mlops remote remove hub
rc_is 1 "it can't be removed again"
run mlops remote check nonsuch
rc_is 1
like "$err" "no remote named 'nonsuch'"  "an unknown remote is named"

cd .. && run mlops remote
rc_is 1 "outside of a project it fails"

done_testing
