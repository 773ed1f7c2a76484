# Keys and tokens come from where the vendors' own tools have them, go to no other place, and are in no
# message.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

start_cloud
new_project
unset AWS_PROFILE AWS_REGION
export AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_STS="$cloud_url/sts"
mlops remote add aws s3://bucket
mlops config remote.aws.endpoint "$cloud_url"

# used NAME REGEX [VAR=VALUE...]: a check with these in the environment shows that to the server.
used() {
	: >"$cloud/log"
	tap_want=$2 tap_what=$1
	shift 2
	run env "$@" mlops remote check "$remote"
	rc_is 0 "$tap_what"
	like "$cloud/log" "$tap_want" "$tap_what: that was used"
	unlike "$err" 'secret-of|token-of' "$tap_what: nothing of it is shown"
}
remote=aws
run mlops remote check aws
rc_is 4 "no keys at all"
like "$err" 'no AWS credentials' "and it says so"
used "the environment" 'Credential=KEYOFENV/[0-9]*/us-east-1/s3' AWS_ACCESS_KEY_ID=KEYOFENV AWS_SECRET_ACCESS_KEY=secret-of-env
used "the region" '/eu-west-1/s3' AWS_ACCESS_KEY_ID=KEYOFENV AWS_SECRET_ACCESS_KEY=secret-of-env AWS_REGION=eu-west-1
mkdir "$HOME/.aws"
cat >"$HOME/.aws/credentials" <<-FILE
	[default]
	aws_access_key_id = KEYOFFILE
	aws_secret_access_key = secret-of-file
	[base]
	aws_access_key_id = KEYOFBASE
	aws_secret_access_key = secret-of-base
FILE
cat >"$HOME/.aws/config" <<-FILE
	[profile role]
	role_arn = arn:aws:iam::1:role/x
	source_profile = base
	region = eu-north-1
	[profile process]
	credential_process = echo '{"Version":1,"AccessKeyId":"KEYOFPROCESS","SecretAccessKey":"secret-of-process"}'
	[profile broken]
	credential_process = echo nothing
	[profile empty]
	region = us-east-1
FILE
used "the default profile" 'Credential=KEYOFFILE/' A=b
used "a profile that assumes a role" 'Credential=KEYOFASSUMED/[0-9]*/eu-north-1' AWS_PROFILE=role
used "a profile with a process" 'Credential=KEYOFPROCESS/' AWS_PROFILE=process
mlops config remote.aws.profile process
used "the profile of the settings" 'Credential=KEYOFPROCESS/' A=b
mlops config --unset remote.aws.profile
AWS_PROFILE=broken run mlops remote check aws
rc_is 4 "a process that gives no key"
echo token-of-web >"$scratch/web"
used "web identity" 'Credential=KEYOFWEB/' AWS_WEB_IDENTITY_TOKEN_FILE="$scratch/web" AWS_ROLE_ARN=arn:aws:iam::1:role/x
used "a container" 'Credential=KEYOFCONTAINER/' AWS_PROFILE=empty AWS_CONTAINER_AUTHORIZATION_TOKEN=token-of-container \
	AWS_CONTAINER_CREDENTIALS_FULL_URI="$cloud_url/container"
AWS_PROFILE=empty AWS_CONTAINER_CREDENTIALS_FULL_URI=http://example.org/x run mlops remote check aws
rc_is 4 "an endpoint for containers elsewhere is not asked"
used "an instance" 'Credential=KEYOFMACHINE/' AWS_PROFILE=empty AWS_EC2_METADATA_DISABLED=false \
	AWS_EC2_METADATA_SERVICE_ENDPOINT="$cloud_url"

mlops remote add google gs://bucket
remote=google
openssl genpkey -quiet -algorithm RSA -out "$scratch/key.pem" 2>/dev/null ||
	openssl genpkey -algorithm RSA -out "$scratch/key.pem" 2>/dev/null
openssl pkey -in "$scratch/key.pem" -pubout -out "$cloud/public.pem"
python3 -I -S - "$scratch" "$cloud_url/token" <<'PYTHON'
import json, sys
key = open(sys.argv[1] + "/key.pem").read()
account = {"type": "service_account", "client_email": "me@example.org", "private_key": key, "token_uri": sys.argv[2]}
user = {"type": "authorized_user", "client_id": "i", "client_secret": "secret-of-client",
        "refresh_token": "refresh-of-user", "token_uri": sys.argv[2]}
for name, value in (("account", account), ("user", user), ("other", dict(account, type="other")),
                    ("bad", dict(account, private_key="x")),
                    ("open", dict(account, token_uri="http://example.org/token"))):
    json.dump(value, open(f"{sys.argv[1]}/{name}.json", "w"))
PYTHON
for file in account user other bad open; do
	run env GOOGLE_APPLICATION_CREDENTIALS="$scratch/$file.json" MLOPS_HTTP_TIMEOUT=1s https_proxy=http://127.0.0.1:1 mlops remote check google
	rc_is 4 "google: the file of $file"
	cp "$err" "$scratch/$file.err"
done
like "$cloud/log" 'POST /token 200' "a claim that is signed, and a refresh token, get a token"
is "$(grep -c 'POST /token 200' "$cloud/log")" 2 "for both files"
like "$scratch/other.err" "type 'other'" "another kind of file is named"
like "$scratch/bad.err" 'no private RSA key' "so is a key that is none"
like "$scratch/open.err" 'not encrypted' "a token is asked for over encrypted connections only"
unlike "$(cat "$scratch"/*.err)" 'PRIVATE|secret-of|refresh-of|token-of' "nothing of it is shown"

mlops remote add azure az://container/x
mlops config remote.azure.account account
remote=azure
mlops config --local remote.azure.endpoint "$cloud_url/account"
used "a service principal" 'authorization=Bearer token-of-app' AZURE_TENANT_ID=tenant AZURE_CLIENT_ID=i \
	AZURE_CLIENT_SECRET=secret-of-app AZURE_AUTHORITY_HOST="$cloud_url"
AZURE_TENANT_ID=tenant AZURE_CLIENT_ID=i AZURE_CLIENT_SECRET=secret-of-other AZURE_AUTHORITY_HOST="$cloud_url" \
	run mlops remote check azure
rc_is 4 "one that is refused"
unlike "$err" secret-of "without its secret"
mlops config --local --unset remote.azure.endpoint
mlops config remote.azure.endpoint "$cloud_url/account"
run mlops remote check azure
rc_is 1 "an address for tokens is not taken from settings that are shared"
like "$err" 'is in .mlops/config, which is shared' "and it says so"

# Sessions of Google's, as the real service has them.
mlops remote add emulated gs://bucket/prefix
export STORAGE_EMULATOR_HOST="$cloud_url"
head -c 40000000 /dev/urandom >huge.bin && mlops track huge.bin >/dev/null
echo 'PUT session 403' >"$cloud/faults"
run mlops push -r emulated
rc_is 4 "an upload that breaks off"
echo 'PUT session reset 1' >"$cloud/faults"
: >"$cloud/log"
ok "goes on in its session" mlops push -r emulated
is "$(grep -c 'POST /upload.*resumable' "$cloud/log")" 1 "and one is begun for the second block only"
rm -rf huge.bin .mlops/store "$cloud/faults"
ok "what was sent comes back" mlops pull -r emulated
ok "and is whole" mlops verify

done_testing
