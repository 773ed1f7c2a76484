# hf:// in and out: what is fetched and sent, what is found out, and what goes to no other host.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

unset HF_HUB_CACHE HF_TOKEN_PATH HF_HOME
start_cloud
export HF_ENDPOINT="$cloud_url" HF_TOKEN=secret-of-hub MLOPS_HTTP_TIMEOUT=1s
mkdir -p "$cloud/hub/sub"
echo '{}' >"$cloud/hub/config.json" && : >"$cloud/hub/empty" && echo text >"$cloud/hub/sub/a b.txt"
head -c 12000000 /dev/urandom >"$cloud/hub/model.bin"
head -c 1000 /dev/urandom >"$cloud/hub/sub/small.bin"

new_project
run mlops import hf://org/model --json
rc_is 0 "a model is imported"
schema_ok import.json
json_is '(d["path"], d["commit"], d["files"], d["moved_files"])' "[\"model\",\"$(printf 'c%.0s' $(seq 40))\",5,5]" \
	"with what came and of which commit"
ok "with identical bytes" diff -r "$cloud/hub" model
run mlops status
rc_is 0 "it is tracked as it is"
ok "and its pointer is staged" git diff --cached --name-only --exit-code -- nothing
run mlops import hf://org/model
rc_is 1 "where something is nothing is imported"
like "$err" 'there already' "as it says"
run mlops import hf://org/model -o again --json
json_is 'd["moved_files"]' 3 "what the store has is not fetched again"
run mlops import hf://org/model -o part --include '*.json' --include 'sub/*.bin'
is "$(cd part && find . -type f | sort | tr '\n' ' ')" "./config.json ./sub/small.bin " "patterns choose"
run mlops import hf://org/model -o none --include '*.gguf'
rc_is 1 "and may choose nothing"
ok "then nothing is there" test ! -e none
run mlops import hf://org/other
rc_is 1 "a model that is not there"
HF_TOKEN=wrong run mlops import hf://org/model -o x
rc_is 4 "a wrong token"
like "$err" 'HTTP 401' "is refused"
unlike "$err" wrong "and not repeated"
HF_TOKEN='' run mlops import hf://org/model -o x
like "$err" 'HF_TOKEN' "without one the hint says where it goes"
mkdir -p "$HOME/.cache/huggingface"
echo secret-of-hub >"$HOME/.cache/huggingface/token"
HF_TOKEN='' run mlops import hf://org/model -o x --include '*.json'
rc_is 0 "the token that hf auth login wrote"
for bad in hf:// hf://a/b/c hf://../x 'hf://a/b@../c' hf://a//b 'hf://a/b@x y'; do
	run mlops import "$bad" -o y
	isnt "$rc" 0 "'$bad' is nothing to import"
done

# Its pointer follows the branch.
git commit -qam imported
run mlops update part --json
rc_is 0 "an update asks the hub"
json_is '[u["outcome"] for u in d["updates"]]' '["unchanged"]' "which has nothing new"
echo '{"new": 1}' >"$cloud/hub/config.json" && echo more >"$cloud/hub/more.json" && : >"$cloud/moved"
run mlops update --dry-run part --json
json_is '[(u["outcome"], u["now"][:3]) for u in d["updates"]]' '[["to update","ddd"]]' "then the branch is elsewhere"
is "$(cat part/config.json)" '{}' "which a dry run only tells"
echo mine >part/mine
run mlops update part
rc_is 3 "changes of its own are kept"
rm part/mine
run mlops update part
rc_is 0 "an update brings it"
is "$(cd part && find . -type f | sort | tr '\n' ' ')" "./config.json ./more.json ./sub/small.bin " "as the patterns choose"
ok "with what is new" cmp part/config.json "$cloud/hub/config.json"
like "$(cat part.mlops)" 'commit: dddd' "and the pointer says of which commit"
run mlops status
rc_is 0 "it is tracked as it is"
rm "$cloud/moved" "$cloud/hub/more.json" && echo '{}' >"$cloud/hub/config.json"

# Straight into the registry.
run mlops model register gpt --url hf://org/model --include '*.bin' --json
rc_is 0 "a version of a model"
schema_ok model-register.json
json_is '[d["path"], d["aliases"]]' "[\"hf://org/model@$(printf 'c%.0s' $(seq 40))\",[\"champion\"]]" "says what commit it is of"
ok "its files are in the store" mlops verify
ok "and not in the work tree" test ! -e gpt
ok "they can be packaged" mlops model package gpt -o gpt.tar --format tar
run mlops model register gpt --url hf://org/other
rc_is 1 "a model that is not there"
run mlops model register gpt --url hf://org/model --path part
rc_is 2 "from one place"

# What a hub may not do.
echo "GET /cdn/model.bin corrupt 1000" >"$cloud/faults"
new_project
run mlops import hf://org/model
rc_is 3 "other bytes than the hash says"
like "$err" "other bytes.*model.bin" "are found out"
ok "nothing of it is there" test ! -e model -a ! -e model.mlops
ok "nor in the store" mlops verify
echo "GET config.json corrupt 1000" >"$cloud/faults"
run mlops import hf://org/model
rc_is 3 "the same of a file that is not of LFS"
rm "$cloud/faults"
for bad in ../x /x .git/config a//b sub/../x; do
	printf '{"type":"file","path":"%s","size":1,"oid":"%040d"}' "$bad" 0 >"$cloud/extra"
	run mlops import hf://org/model
	rc_is 1 "a path '$bad' in the listing is refused"
done
rm "$cloud/extra"
: >"$cloud/circle"
run timeout 60 mlops import hf://org/model
rc_is 4 "a listing without end"
like "$err" "goes in circles" "is noticed"
rm "$cloud/circle"
for fault in 500 short stall; do
	new_project
	echo "GET /cdn/ $fault 1" >"$cloud/faults"
	ok "$fault: import" mlops import hf://org/model
	rm "$cloud/faults"
	ok "$fault: with identical bytes" diff -r "$cloud/hub" model
done

printf '{"type":"file","path":"again.bin","size":5,"oid":"%040d","lfs":{"oid":"%s"}}' 0 \
	"$(sha256sum <model/model.bin | cut -c1-64)" >"$cloud/extra"
run mlops import hf://org/model -o other
rc_is 3 "an object that is here, with another size"
like "$err" "lists 'again.bin' with a size that it has not" "is not taken for what the hub says"
rm "$cloud/extra"

# huggingface_hub's cache.
new_project
cache=$HOME/.cache/huggingface/hub/models--org--model
ok "with --cache" mlops import hf://org/model --cache
is "$(cat "$cache/refs/main")" "$(printf 'c%.0s' $(seq 40))" "huggingface_hub knows the revision"
ok "and finds the files" diff -r "$cloud/hub" "$cache/snapshots/$(cat "$cache/refs/main")"
isnt "$(stat -L -c %h "$cache/snapshots/$(cat "$cache/refs/main")/model.bin")" 1 "a large one is the store's own"
new_project
run mlops import hf://org/model --json
json_is 'd["moved_files"]' 0 "what is in its cache is not fetched"
ok "with identical bytes from there" diff -r "$cloud/hub" model
echo broken >"$cache/blobs/$(sha256sum <"$cloud/hub/model.bin" | cut -c-64)" 2>/dev/null ||
	{ rm "$cache/blobs/$(sha256sum <"$cloud/hub/model.bin" | cut -c-64)"; echo broken >"$cache/blobs/$(sha256sum <"$cloud/hub/model.bin" | cut -c-64)"; }
new_project
ok "one that is damaged there" mlops import hf://org/model
ok "is fetched" diff -r "$cloud/hub" model

# Out.
rm -rf "$cache"
echo changed >model/config.json && head -c 11000000 /dev/urandom >model/new.bin && mlops track model >"$tap_root/ok"
run mlops export hf://org/model model --json
rc_is 0 "an export"
schema_ok export.json
json_is '(d["files"], d["moved_files"])' '[6,2]' "sends what is new"
is "$(grep -o '"key":"[a-zA-Z]*"' "$cloud/commit" | sort | tr '\n' ' ')" '"key":"file" "key":"header" "key":"lfsFile" ' \
	"each as the hub wants it, in one commit"
like "$cloud/commit" "$(sha256sum <model/new.bin | cut -c-64)" "by its hash"
run mlops export hf://org/model nothing
rc_is 1 "what is not tracked is not sent"
run mlops export hf://org/model
rc_is 2 "something must be"

# Our own server, both ways.
data=$scratch/data
HF_TOKEN=$(mlops server token add writer --scope write --data "$data")
export HF_TOKEN
start_server "$data"
export HF_ENDPOINT="$server_url"
for url in hf://team/model hf://datasets/team/data; do
	ok "our server: export $url" mlops export "$url" model
	run mlops export "$url" model --json
	json_is 'd["moved_files"]' 0 "our server: again, with nothing to send"
	sent=$PWD
	new_project
	ok "our server: import $url" mlops import "$url" -o back
	ok "our server: with identical bytes" diff -r back "$sent/model"
	cd "$sent" || exit 1
done
done_testing
