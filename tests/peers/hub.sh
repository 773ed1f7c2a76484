# huggingface_hub against mlops server as its hub, and against our own client, in both directions.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

python_peer hub huggingface_hub==2.4.0 || { done_testing; exit; }
export HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_TELEMETRY=1 HF_HOME="$scratch/hf"
data=$scratch/data
HF_TOKEN=$(mlops server token add writer --scope write --data "$data")
export HF_TOKEN
start_server "$data"
export HF_ENDPOINT="$server_url"
mkdir -p "$scratch/files/sub" && cd "$scratch/files" || exit 1
echo aaa >sub/a.txt && : >zero && echo '{}' >config.json && head -c 12000000 /dev/urandom >model.safetensors
timeout 120 "$peer_python" "$tap_src/tests/lib/hub.py" "$scratch/files" >"$scratch/said" 2>"$scratch/err"
is $? 0 "huggingface_hub comes to its end" || diag <"$scratch/err"
while read -r line; do
	case $line in
	'ok - '*) tap_point 0 "${line#ok - }" ;;
	'not ok - '*) tap_point 1 "${line#not ok - }" ;;
	esac
done <"$scratch/said"
# Both ways between the two clients.
new_project
ok "mlops import of what huggingface_hub sent" mlops import hf://datasets/team/data
ok "with identical bytes" diff -r "$scratch/files" data
ok "mlops export" mlops export hf://team/ours data -m 'by mlops'
fetched=$("$peer_python" -c 'from huggingface_hub import snapshot_download; print(snapshot_download("team/ours"))' 2>"$scratch/err")
ok "snapshot_download of it" diff -r "$scratch/files" "$fetched"
rm -rf "$HF_HOME"
ok "mlops import --cache" mlops import hf://team/ours -o shared --cache
fetched=$(HF_HUB_OFFLINE=1 "$peer_python" -c 'from huggingface_hub import snapshot_download; print(snapshot_download("team/ours"))' 2>"$scratch/err")
ok "huggingface_hub has it without a network" diff -r "$scratch/files" "$fetched"
isnt "$(stat -L -c %h "$fetched/model.safetensors")" 1 "and no second copy of it"
HF_TOKEN=$(mlops server token add reader --data "$data") run "$peer_python" -c '
from huggingface_hub import HfApi
HfApi().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="team/model")'
like "$err" '403' "a token to read changes nothing"
done_testing
