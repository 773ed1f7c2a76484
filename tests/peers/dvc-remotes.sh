# The real dvc and mlops share remotes: what the one pushes the other pulls, over every transport that DVC has
# here. Wants `dvc` in PATH, or in $MLOPS_PEER_DVC.
dvc=${MLOPS_PEER_DVC:-$(command -v dvc)}
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"
[ -x "$dvc" ] || skip_all "dvc is not installed"
export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR="$tap_root/site" DVC_GLOBAL_CONFIG_DIR="$tap_root/dvc"
ln -s "$dvc" "$tap_root/bin/dvc"

mkdir origin && cd origin && git init -q && dvc init -q || exit 1
mkdir -p data/sub/é
for i in 1 2 3 4 5 6 7 8 9; do echo "$i" >"data/sub/f$i"; done
: >data/sub/é/empty
printf 'a\r\nb\r\n' >data/crlf
head -c 20000000 /dev/urandom >large.bin
echo 'echo hi' >tool.sh && chmod +x tool.sh
printf 'stages:\n  copy:\n    cmd: cp tool.sh out.txt && echo 1 >m.json\n    deps: [tool.sh]\n    outs: [out.txt]\n    metrics: [{m.json: {cache: false}}]\n' >dvc.yaml
dvc add -q data large.bin tool.sh && dvc repro -q && git add -A && git commit -qm data || exit 1
origin=$PWD

# clean NAME: dvc finds nothing changed here, in its data, and between cache and remote.
clean() {
	run dvc status -q
	rc_is 0 "$1: dvc status"
	run dvc data status
	like "$out" "No changes" "$1: dvc data status"
	run dvc status -c
	like "$out" "in sync" "$1: dvc status -c"
	is "$(git status --porcelain)" "" "$1: git status"
}
clone() {
	rm -rf ../clone && git clone -q "$origin" ../clone && cd ../clone && cp "$origin/.dvc/config.local" .dvc/ || exit 1
}
same() { ok "$1" sh -c "diff -r '$origin/data' data && cmp '$origin/large.bin' large.bin && test -x tool.sh && cmp tool.sh out.txt"; }

# share NAME URL [KEY=VALUE]...: the remote, with settings in config.local, both ways.
share() {
	tap_at=$1 tap_url=$2
	shift 2
	cd "$origin" || exit 1
	for way in mlops dvc; do
		{
			printf "[core]\n    remote = peer\n['remote \"peer\"']\n    url = %s\n" "$tap_url/$way"
			[ $# = 0 ] || printf '    %s\n' "$@"
		} | sed 's/^    \([a-z_]*\)=/    \1 = /' >.dvc/config.local
		if [ $way = mlops ]; then
			ok "$tap_at: mlops push" mlops push -q
			clone
			ok "$tap_at: dvc pull" dvc pull -q
			same "$tap_at: of what mlops pushed"
		else
			ok "$tap_at: dvc push" dvc push -q
			run mlops push --dry-run
			like "$out" "nothing to send" "$tap_at: mlops finds all of it there"
			clone
			ok "$tap_at: mlops pull" mlops pull -q
			same "$tap_at: of what dvc pushed"
		fi
		[ "$tap_at" != folder ] || clean "after $way's push"
		cd "$origin" || exit 1
	done
}

mkdir ../far
share folder "$scratch/far"

if peer s3; then
	export AWS_ACCESS_KEY_ID="$S3_ACCESS_KEY" AWS_SECRET_ACCESS_KEY="$S3_SECRET_KEY"
	make_bucket "$S3_ENDPOINT" dvc-suite
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	share s3 "s3://dvc-suite/$$" "endpointurl=$S3_ENDPOINT" "access_key_id=$S3_ACCESS_KEY" \
		"secret_access_key=$S3_SECRET_KEY" region=us-east-1
fi
if peer moto; then
	mkdir -p "$HOME/.aws"
	printf '[suite]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = us-east-1\n' \
		"$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$HOME/keys"
	make_bucket "$AWS_ENDPOINT_URL" dvc-suite
	moto=$AWS_ENDPOINT_URL
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL AWS_REGION
	share s3-profile "s3://dvc-suite/$$" "endpointurl=$moto" profile=suite "credentialpath=$HOME/keys"
fi
if peer azurite; then
	connection="DefaultEndpointsProtocol=http;AccountName=$AZURE_STORAGE_ACCOUNT;AccountKey=$AZURE_STORAGE_KEY;BlobEndpoint=$AZURE_BLOB_ENDPOINT"
	python3 -I -S "$tap_src/tests/lib/azure_container.py" "$AZURE_BLOB_ENDPOINT" "$AZURE_STORAGE_ACCOUNT" \
		"$AZURE_STORAGE_KEY" dvc-suite
	unset AZURE_STORAGE_ACCOUNT AZURE_STORAGE_KEY AZURE_STORAGE_CONNECTION_STRING
	share azure "azure://dvc-suite/$$" "connection_string=$connection"
fi
if peer gcs; then
	curl -s -o /dev/null -X POST -H 'Content-Type: application/json' -d '{"name":"dvc-suite"}' \
		"$STORAGE_EMULATOR_HOST/storage/v1/b?project=p"
	share gs "gs://dvc-suite/$$" "endpointurl=$STORAGE_EMULATOR_HOST" allow_anonymous_login=true
	unset STORAGE_EMULATOR_HOST
fi
if start_nginx sesame; then
	# a web server that makes folders as files come needs no WebDAV
	sed -i 's/dav_methods/create_full_put_path on; dav_methods/' "$nginx_dir/conf"
	nginx -c "$nginx_dir/conf" -s reload
	share http "$nginx_url/dvc" method=PUT auth=basic user=me password=sesame
fi
if start_sshd; then
	mkdir "$scratch/far-ssh"
	share ssh "ssh://${sshd_url#sftp://}$scratch/far-ssh" "keyfile=$HOME/.ssh/id_ed25519"
fi
done_testing
