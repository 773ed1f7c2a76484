# Amazon's own hosts, through a proxy and with certificates that an authority of ours signed: which host
# is asked for a bucket, and that one in another region is found.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

aws=$scratch/aws
mkdir "$aws"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$aws/key.pem" -out "$aws/cert.pem" -days 2 -subj /CN=test \
	-addext 'subjectAltName=DNS:*.s3.us-east-1.amazonaws.com,DNS:*.s3.eu-west-1.amazonaws.com,DNS:s3.us-east-1.amazonaws.com,DNS:s3.eu-west-1.amazonaws.com' \
	>"$tap_root/ssl" 2>&1
python3 -I -S "$tap_src/tests/lib/awsd.py" "$aws" 2>"$aws/err" &
cleanup "kill $! 2>/dev/null"
wait_for 20 test -s "$aws/proxy" || diag <"$aws/err"

new_project
mlops remote add far s3://far-bucket/a
export AWS_ACCESS_KEY_ID=KEYOFOURS AWS_SECRET_ACCESS_KEY=secret-of-ours AWS_REGION=us-east-1 MLOPS_HTTP_TIMEOUT=5s
https_proxy=$(cat "$aws/proxy")
export https_proxy
run mlops remote check far
rc_is 4 "a certificate that nobody known signed is refused"
is "$(cat "$aws/log" 2>/dev/null)" "" "and nothing is sent there"
export CURL_CA_BUNDLE="$aws/cert.pem"
ok "with its authority named, a bucket in another region is found" mlops remote check far
is "$(head -1 "$aws/log")" "GET far-bucket.s3.us-east-1.amazonaws.com us-east-1 301" "by a redirect from the host of the bucket"
is "$(sed -n 2p "$aws/log")" "GET far-bucket.s3.eu-west-1.amazonaws.com eu-west-1 200" "to that in its region, signed for it"

: >"$aws/malformed"
: >"$aws/log"
ok "also when its region in the signature is called wrong" mlops remote check far
is "$(head -2 "$aws/log")" "GET far-bucket.s3.us-east-1.amazonaws.com us-east-1 400
GET far-bucket.s3.eu-west-1.amazonaws.com eu-west-1 200" "with one more request"
mlops config remote.far.addressing path
: >"$aws/log"
ok "path style" mlops remote check far
is "$(sed -n 2p "$aws/log")" "GET s3.eu-west-1.amazonaws.com eu-west-1 200" "has the bucket in the path"
mlops config remote.far.region eu-west-1
: >"$aws/log"
ok "a region that is set" mlops remote check far
is "$(head -1 "$aws/log")" "GET s3.eu-west-1.amazonaws.com eu-west-1 200" "is asked at once"
unset https_proxy
https_proxy=http://127.0.0.1:1 run mlops remote check far
rc_is 4 "a proxy that is away is said to be"
like "$err" 'proxy|127.0.0.1' "by name"

done_testing
