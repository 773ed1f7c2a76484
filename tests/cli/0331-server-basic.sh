# mlops server: push and pull over HTTP, tokens and scopes.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

data=$scratch/data
run mlops server --listen 127.0.0.1:0
rc_is 2 "it needs --data"
run mlops server --data "$data" --listen 127.0.0.1:0
rc_is 4 "it does not start without a token"
like "$err" "mlops server token add" "and says how to make one"
run mlops server --data "$data" --listen 0.0.0.0:0 --no-auth
rc_is 2 "without tokens it listens on loopback only"

run mlops server token add writer --scope write --data "$data"
rc_is 0
write=$(cat "$out")
like "$write" '^mlt_[0-9a-f]{64}$' "the token is printed"
run mlops server token add reader --data "$data" --json
schema_ok server-token-add.json
json_is 'd["scope"]' read "the default scope is read"
read=$(json_get 'd["token"]')
run mlops server token add reader --data "$data"
rc_is 1 "a name has one token"
run mlops server token add 'a b' --data "$data"
rc_is 1 "a name is a word"
run mlops server token ls --data "$data" --json
schema_ok server-token-ls.json
json_is '[(t["name"], t["scope"]) for t in d["tokens"]]' '[["writer","write"],["reader","read"]]' "both are listed"
run grep -rE "$write|$read" "$data"
rc_is 1 "neither is stored as it is"
is "$(stat -c %a "$data/tokens")" 600 "the file is for the server alone"

run mlops server --data "$data" --listen nonsense
rc_is 1 "an address it can't use is refused"
start_server "$data"
like "$(cat "$tap_root/server.out")" "^listening on $server_url\$" "it says where it listens"
make_data
mlops remote add origin "$server_url"
run mlops push
rc_is 4 "without a token it refuses"
like "$err" "HTTP 401" "as not authorized"
like "$err" "MLOPS_REMOTE_TOKEN" "and the hint says where a token goes"
MLOPS_REMOTE_TOKEN=mlt_wrong run mlops push
rc_is 4 "a wrong token is refused"
unlike "$err" mlt_wrong "and not repeated"
MLOPS_REMOTE_TOKEN=$read run mlops push
rc_is 4 "a token to read can't push"
like "$err" "HTTP 403" "as forbidden"
MLOPS_REMOTE_TOKEN=$read run mlops remote check
rc_is 0 "it can look"
MLOPS_REMOTE_TOKEN=$write run mlops push --json
rc_is 0
json_is 'd["objects"]' 16 "a token to write pushes all"
MLOPS_REMOTE_TOKEN=$read run mlops push --json
rc_is 0 "a push that has nothing to send needs no scope"

mlops config core.remote origin
mlops remote add other-1 "$server_url"
MLOPS_REMOTE_TOKEN=$read run mlops remote check other-1
rc_is 4 "the default remote's token goes to no other"
MLOPS_REMOTE_OTHER_1_TOKEN=$read run mlops remote check other-1
rc_is 0 "which has a variable of its own"
mlops remote remove other-1

clone
echo "$read" >"$scratch/token"
mlops config remote.origin.tokenfile "$scratch/token"
run mlops pull
rc_is 1 "a token file is not taken from settings that are shared"
mlops config --unset remote.origin.tokenfile
mlops config --local remote.origin.tokenfile "$scratch/token"
run mlops pull --json
rc_is 0 "from one's own it is"
same_data "the clone has identical bytes"
ok "and verifies" mlops verify
clone
printf 'machine 127.0.0.1 login any password %s\n' "$read" >"$HOME/.netrc"
ok "a token in ~/.netrc serves as well" mlops pull
same_data "with identical bytes"
rm "$HOME/.netrc"

ok "a token is removed" mlops server token rm reader --data "$data"
MLOPS_REMOTE_TOKEN=$read run mlops remote check
rc_is 4 "and refused at once"
run mlops server token rm reader --data "$data"
rc_is 1 "it can't be removed again"

kill -TERM "$server_pid"
wait "$server_pid"
is $? 0 "it ends well when told to"
MLOPS_REMOTE_TOKEN=$write run mlops push
rc_is 4 "a server that is gone is unreachable"

start_server "$data"
MLOPS_REMOTE_TOKEN=$write run mlops remote check origin
rc_is 4 "(its address is another now)"
mlops config remote.origin.url "$server_url"
MLOPS_REMOTE_TOKEN=$write run mlops push --json
json_is 'd["objects"]' 0 "what was pushed is still there"
start_server "$scratch/open" --no-auth
mlops remote add open "$server_url"
ok "without authentication anyone on this machine may push" mlops push -r open

done_testing
