# Real servers for tests; sourced after tap.sh. The scripts that start them are beside the project, in
# ../shared/peers, or where MLOPS_PEER_SCRIPTS says.
peer_scripts=${MLOPS_PEER_SCRIPTS:-$(git -C "$tap_src" rev-parse --path-format=absolute --git-common-dir 2>/dev/null)/../../shared/peers}
peer_home=$(getent passwd "$(id -u)" | cut -d: -f6)

# peer_run NAME COMMAND: its script, with the home folder of the user, where installations are kept.
peer_run() {
	HOME=$peer_home timeout 900 bash "$peer_scripts/$1.sh" "$2"
}

# peer NAME: starts it, unless it runs, and sets the variables that it prints; else skips by name.
peer() {
	[ -f "$peer_scripts/$1.sh" ] || { skip "there is no script that starts it" "$1"; return 1; }
	peer_was=running
	peer_run "$1" status >/dev/null 2>&1 || peer_was=
	peer_run "$1" start >"$tap_root/peer.env" 2>"$tap_root/peer.err" ||
		{ skip "it does not start: $(tail -1 "$tap_root/peer.err")" "$1"; return 1; }
	[ -n "$peer_was" ] || cleanup "peer_run $1 stop >/dev/null 2>&1"
	eval "$(sed -n "s/^\([A-Z0-9_]*\)=\(.*\)$/\1='\2'; export \1/p" "$tap_root/peer.env")"
}

# make_bucket ENDPOINT NAME: with the key of AWS_ACCESS_KEY_ID; fine when it is there.
make_bucket() {
	curl -s -o /dev/null -X PUT -H "x-amz-content-sha256: $(printf '' | sha256sum | cut -c-64)" \
		--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --aws-sigv4 "aws:amz:us-east-1:s3" "$1/$2"
}
