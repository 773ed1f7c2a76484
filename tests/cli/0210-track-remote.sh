# A clone changes a folder of which it fetches the listings alone, and all others get the change.
. "$(dirname "$0")/../lib/tap.sh"

new_project
mkdir -p data/train data/test
for i in 1 2 3; do
	head -c 10000 /dev/urandom >data/train/$i
	echo "$i" >data/test/$i
done
mlops track data >/dev/null && mlops remote add origin ../shared >/dev/null && mlops push >/dev/null
git add . && git commit -qm data
git clone -q . ../clone && cp -a data ../want && cd ../clone

run mlops pull --list-only data
rc_is 0 "fetch the listings"
is "$(mlops status 2>/dev/null)" "not here: data (6 files)" "none of the files is here"
fails "nothing is checked out" test -e data
mkdir -p data/train && echo new >data/train/new
ok "add a file" mlops track data/train/new
ok "take one out" mlops untrack data/test/3
run mlops restore data/test/2
rc_is 0 "fetch one file"
echo more >>data/test/2
ok "and record its change" mlops track data/test/2
git commit -qm change
run mlops push
rc_is 0 "push what is new"
like "$out" "^5 objects" "which is two files and three listings"
ok "checkout leaves out what is not here" mlops checkout
is "$(find data -type f | sort | tr '\n' ' ')" "data/test/2 data/train/new " "all of it"
run mlops checkout data
rc_is 1 "unless it is named"

cd ../project1 && git pull -q ../clone main && mlops pull >/dev/null
rm ../want/test/3 && echo more >>../want/test/2 && echo new >../want/train/new
ok "the first one has the change and all else" diff -r data ../want
ok "verify" mlops verify
cd ../clone && mlops pull >/dev/null
ok "the clone too, once it pulls" diff -r data ../want

done_testing
