# Every transport keeps its promises (tests/unit/remote/test_transports.c) over the real server of its
# kind, and a project is pushed there and pulled from there. A server that is not here is skipped by
# name. Servers that this script finds running are left running.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
. "$tap_src/tests/lib/peers.sh"

suite=${MLOPS%/*}/tests/unit/remote/test_transports
[ -x "$suite" ] || skip_all "the suite is not built: make unit"
make_data

# conforms NAME URL: the suite, and a round trip of a project.
conforms() {
	ok "$1: the suite" env MLOPS_TEST_REMOTE="$2" "$suite"
	cd "$origin" || exit 1
	mlops remote remove peer >/dev/null 2>&1
	mlops remote add peer "$2/project-$1" >/dev/null
	ok "$1: push" mlops push -r peer
	run mlops push -r peer --json
	json_is 'd["objects"]' 0 "$1: nothing to push again"
	clone
	ok "$1: pull" mlops pull -r peer
	same_data "$1: with identical bytes"
	ok "$1: and it verifies" mlops verify
}

# fails REGEX FAULT...: requests to such paths, each fault once.
fails() {
	regex=$1
	shift
	for fault; do
		for method in GET PUT POST; do echo "$method $regex $fault 1"; done
	done >"$proxy/faults"
}

# endures NAME URL: through $proxy, which $proxied fits the paths of objects of: what passes is tried again, what
# is wrong is found. Lines that a fault uses up count once, so each kind of request meets each fault.
endures() {
	cd "$origin" || exit 1
	mlops remote remove faulty >/dev/null 2>&1
	mlops remote add faulty "$2/faulty-$1" >/dev/null
	for faults in "500 429 reset" "503 die stall"; do
		head -c 300000 /dev/urandom >more.bin && mlops track more.bin >/dev/null
		fails . $faults
		ok "$1: a push through $faults" mlops push -r faulty
		run mlops push -r faulty --json
		json_is 'd["objects"]' 0 "$1: sends all"
	done
	rm -f "$proxy/faults"
	mlops push -r faulty --verify >/dev/null 2>&1 || fail "$1: what was sent is not whole"
	for faults in "500 429 reset" "503 short die stall"; do
		clone
		fails "$proxied" $faults
		ok "$1: a pull through $faults" mlops pull -r faulty data large.bin
		same_data "$1: has identical bytes after $faults"
		ok "$1: and verifies" mlops verify
	done
	is "$(grep -cE "^GET .*$proxied.* (500|429|503) " "$proxy/log")" 3 "$1: (each failure was met)"
	clone
	echo "GET $proxied corrupt" >"$proxy/faults"
	run mlops pull -r faulty data large.bin
	rc_is 3 "$1: wrong bytes are found"
	ok "$1: and not stored" mlops verify
	rm "$proxy/faults"
	ok "$1: the next pull succeeds" mlops pull -r faulty data large.bin
	same_data "$1: with identical bytes"
	cd "$origin" && rm -f more.bin more.bin.mlops
}
proxied=/blocks/
export MLOPS_HTTP_TIMEOUT=2s

conforms file "$scratch/far"

if peer s3; then
	export AWS_ENDPOINT_URL="$S3_ENDPOINT" AWS_ACCESS_KEY_ID="$S3_ACCESS_KEY" \
		AWS_SECRET_ACCESS_KEY="$S3_SECRET_KEY" AWS_REGION="$S3_REGION"
	make_bucket "$S3_ENDPOINT" mlops-suite
	conforms s3 s3://mlops-suite/a/b
	AWS_SECRET_ACCESS_KEY=wrong run mlops remote check peer
	rc_is 4 "s3: a wrong key is refused"
	like "$err" SignatureDoesNotMatch "s3: and it says so"
	unlike "$err" wrong "s3: without the key"
	mlops remote add none s3://no-such-bucket-here
	run mlops remote check none
	rc_is 4 "s3: a bucket that is not there"
	like "$err" 'NoSuchBucket' "s3: is named as such"
	start_fault_proxy "${S3_ENDPOINT#http://}"
	AWS_ENDPOINT_URL=$proxy_url
	endures s3 s3://mlops-suite/faults
	unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
fi

if peer moto; then
	mkdir -p "$HOME/.aws"
	printf '[suite]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
		"$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$HOME/.aws/credentials"
	printf '[profile suite]\nregion = us-east-1\nendpoint_url = %s\n' "$AWS_ENDPOINT_URL" >"$HOME/.aws/config"
	make_bucket "$AWS_ENDPOINT_URL" mlops-suite
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL AWS_REGION
	export AWS_PROFILE=suite
	conforms moto s3://mlops-suite
	# A role that is taken with a web identity's token, as pods and CI jobs have it, at the same server's STS.
	cd "$origin" || exit 1
	echo eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln >"$scratch/identity"
	ok "moto: web identity" env -u AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_REGION=us-east-1 \
		AWS_ENDPOINT_URL="$(sed -n 's/^endpoint_url = //p' "$HOME/.aws/config")" \
		AWS_WEB_IDENTITY_TOKEN_FILE="$scratch/identity" AWS_ROLE_ARN=arn:aws:iam::123456789012:role/ci \
		mlops remote check peer
	unset AWS_PROFILE
	# Google's keys for the S3 protocol, and a server that speaks it.
	export GS_ACCESS_KEY_ID=test GS_SECRET_ACCESS_KEY=test
	STORAGE_EMULATOR_HOST=$(sed -n 's/^endpoint_url = //p' "$HOME/.aws/config")
	export STORAGE_EMULATOR_HOST
	conforms gs-hmac gs://mlops-suite/hmac
	unset GS_ACCESS_KEY_ID GS_SECRET_ACCESS_KEY STORAGE_EMULATOR_HOST
fi

if peer azurite; then
	container() {
		python3 -I -S "$tap_src/tests/lib/azure_container.py" "$AZURE_BLOB_ENDPOINT" \
			"$AZURE_STORAGE_ACCOUNT" "$AZURE_STORAGE_KEY" mlops-suite "$@"
	}
	container
	export AZURE_STORAGE_BLOB_ENDPOINT="$AZURE_BLOB_ENDPOINT"
	conforms az-key az://mlops-suite/key
	AZURE_STORAGE_KEY=d3Jvbmc= run mlops remote check peer
	rc_is 4 "az: a wrong key is refused"
	like "$err" 'AuthorizationFailure|HTTP 403' "az: and it says so"
	mlops remote add none-az az://no-such-container
	run mlops remote check none-az
	rc_is 4 "az: a container that is not there"
	like "$err" ContainerNotFound "az: is named as such"
	azurite=${AZURE_BLOB_ENDPOINT#http://}
	start_fault_proxy "${azurite%%/*}"
	AZURE_STORAGE_BLOB_ENDPOINT=$proxy_url/${azurite#*/}
	endures az az://mlops-suite/faults
	AZURE_STORAGE_BLOB_ENDPOINT=$AZURE_BLOB_ENDPOINT
	AZURE_STORAGE_SAS_TOKEN=$(container sas)
	export AZURE_STORAGE_SAS_TOKEN
	unset AZURE_STORAGE_KEY
	conforms az-sas az://mlops-suite/sas
	unset AZURE_STORAGE_SAS_TOKEN AZURE_STORAGE_ACCOUNT AZURE_STORAGE_BLOB_ENDPOINT
fi

if peer gcs; then
	curl -s -o /dev/null -X POST -H 'Content-Type: application/json' -d '{"name":"mlops-suite"}' \
		"$STORAGE_EMULATOR_HOST/storage/v1/b?project=p"
	# It ends a session when it is asked how far that came.
	export MLOPS_TEST_NO_RESUME=yes
	conforms gs gs://mlops-suite/a
	mlops remote add none-gs gs://no-such-bucket-here
	run mlops remote check none-gs
	rc_is 4 "gs: a bucket that is not there"
	start_fault_proxy "${STORAGE_EMULATOR_HOST#http://}"
	STORAGE_EMULATOR_HOST=$proxy_url proxied=blocks%2F
	endures gs gs://mlops-suite/faults
	proxied=/blocks/
	unset MLOPS_TEST_NO_RESUME STORAGE_EMULATOR_HOST
fi

if start_nginx; then
	conforms webdav "$nginx_url/data/sets"
	start_fault_proxy "${nginx_url#http://}"
	endures webdav "$proxy_url/data/faults"
	# A repository's clone reads from any web server, by no more than GET and HEAD.
	cd "$nginx_root" || exit 1
	python3 -I -u -m http.server --bind 127.0.0.1 0 >"$tap_root/plain" 2>&1 &
	cleanup "kill $! 2>/dev/null"
	wait_for 20 grep -q 'port [0-9]' "$tap_root/plain"
	plain=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$tap_root/plain" | head -1)
	clone
	mlops remote add plain "$plain/data/sets/project-webdav"
	ok "a plain web server: pull" mlops pull -r plain
	same_data "a plain web server: with identical bytes"
	echo more >>data/f1 && mlops track data >/dev/null
	run mlops push -r plain
	rc_is 4 "a plain web server: takes no push"
	like "$err" WebDAV "a plain web server: and it says what that takes"
	cd "$origin" || exit 1
	mlops remote add tls "$nginx_tls/tls"
	run mlops remote check tls
	rc_is 4 "tls: a certificate of nobody known is refused"
	export SSL_CERT_FILE="$nginx_dir/cert"
	: >"$nginx_dir/access"
	ok "tls: push, with its certificate known" mlops push -r tls
	clone
	mlops remote add tls "$nginx_tls/tls"
	ok "tls: pull" mlops pull -r tls
	same_data "tls: with identical bytes"
	unlike "$nginx_dir/access" 'HTTP/1' "tls: all of it over HTTP/2"
	unset SSL_CERT_FILE
	kill "$(cat "$nginx_dir/pid")"
	wait_for 10 test ! -e "$nginx_dir/pid"
fi
if start_nginx sesame; then
	cd "$origin" || exit 1
	mlops remote add locked "$nginx_url/locked"
	run mlops remote check locked
	rc_is 4 "webdav with a password: nobody is let in without it"
	git config --global credential.helper "store --file=$HOME/credentials"
	echo "http://me:sesame@127.0.0.1%3a$nginx_port" >"$HOME/credentials"
	ok "webdav with a password: git's credential helper knows it" mlops remote check locked
	ok "webdav with a password: push" mlops push -r locked
fi

if start_sshd; then
	cd "$origin" || exit 1
	conforms sftp "$sshd_url$scratch/far-sftp"
	cp "$HOME/.ssh/known_hosts" "$scratch/known"
	: >"$HOME/.ssh/known_hosts"
	run mlops remote check peer
	rc_is 4 "sftp: a host that is not known is refused"
	like "$err" 'the key of its host' "sftp: and it says so"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/other"
	echo "$(cut -d' ' -f1 "$scratch/known") $(cut -d' ' -f1,2 "$scratch/other.pub")" >"$HOME/.ssh/known_hosts"
	run mlops remote check peer
	rc_is 4 "sftp: so is one with another key"
	cp "$scratch/known" "$HOME/.ssh/known_hosts"
	mv "$HOME/.ssh/id_ed25519" "$scratch/key"
	run mlops remote check peer
	rc_is 4 "sftp: without a key nobody is let in"
	like "$err" 'does not let' "sftp: and it says so"
	mlops config --local remote.peer.identityFile "$scratch/key"
	ok "sftp: a key that the settings name" mlops remote check peer
fi

done_testing
