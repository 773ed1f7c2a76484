# mlops push and pull in a DVC repository over a store that fails, and imports of `dvc import`.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"

start_cloud
mkdir a && cd a && git init -q && mkdir -p .dvc data || exit 1
printf '/tmp\n/cache\n/config.local\n' >.dvc/.gitignore
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = s3://bucket/deep\n    endpointurl = %s\n" "$cloud_url" >.dvc/config
printf "['remote \"r\"']\n    access_key_id = KEYOFUSER\n    secret_access_key = sesame\n" >.dvc/config.local
for i in 1 2 3 4 5 6 7 8 9; do echo "row $i" >"data/$i"; done
head -c 2000000 /dev/urandom >data/large
mlops track -q data >/dev/null && git add -A && git commit -qm data
export MLOPS_HTTP_TIMEOUT=2s

echo 'PUT files/md5 500 1' >"$cloud/faults"
run mlops push
rc_is 0 "a put that failed once is put again"
like "$cloud/log" "PUT /bucket/deep/files/md5/../.* 200 authorization=.*KEYOFUSER" "by the keys of config.local"
unlike "$cloud/log" "sesame" "of which the secret never goes out"
: >"$cloud/log"
: >"$cloud/faults"
run mlops push
rc_is 0 "again"
unlike "$cloud/log" "^PUT" "nothing is sent"

git clone -q . ../b && cd ../b && cp ../a/.dvc/config.local .dvc/ || exit 1
echo 'GET files/md5/../[0-9a-f]+$ corrupt' >"$cloud/faults"
run mlops pull
rc_is 3 "an object that is damaged there ends it"
like "$err" "remote 'r' holds a damaged 'files/md5/" "and is named"
ok "what the cache has is whole" sh -c "cd .dvc/cache/files/md5 && find . -type f | sed 's|./\(..\)/\([0-9a-f]*\)\(.*\)|\1\2  ./\1/\2\3|' >../../../../sums && md5sum --quiet -c ../../../../sums"
ok "and nothing is half here" test ! -e data
printf 'GET files/md5/../[0-9a-f]+$ %s 1\n' reset short stall 503 >"$cloud/faults"
run mlops pull
rc_is 0 "ones that break off, stall or fail once go on"
ok "with identical bytes" diff -r data ../a/data
kill "$cloud_pid"
rm -rf .dvc/cache data
run mlops pull
rc_is 4 "a store that is away"

# what dvc import brought
cd .. && mkdir theirs && cd theirs && git init -q && echo far >far && git add far && git commit -qm far || exit 1
commit=$(git rev-parse HEAD)
cd ../a || exit 1
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../far\n" >.dvc/config && rm .dvc/config.local
printf 'md5: 0123456789abcdef0123456789abcdef\nfrozen: true\ndeps:\n- path: far\n  repo:\n    url: ../theirs\n    rev_lock: %s\nouts:\n- md5: %s\n  size: 4\n  hash: md5\n  path: got\n' \
	"$commit" "$(md5sum ../theirs/far | cut -c1-32)" >got.dvc
run mlops push
ok "an import is not pushed" test "$(find ../far -type f | wc -l)" = 11
run mlops pull
rc_is 0 "a pull"
is "$(cat got)" far "brings it from where it is"
is "$(mlops status)" "nothing has changed" "as it was"
rm -rf got .dvc/cache && mv ../theirs ../gone
run mlops pull got
rc_is 4 "unless that is away"
like "$err" "cannot get the import 'got'" "which is told"
done_testing
