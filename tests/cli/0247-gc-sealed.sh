# gc and repack where objects lie sealed: their names on the disk say nothing of the objects.
. "$(dirname "$0")/../lib/tap.sh"

count() { mlops verify --json >"$out" 2>/dev/null && json_get 'd["objects"]'; }
collect() { mlops gc --yes "$@" >"$tap_root/gc" 2>&1 || { diag <"$tap_root/gc"; return 1; }; }
age() { find .mlops/store -type f -exec touch -d '40 days ago' {} +; }

(umask 077 && openssl rand -hex 32 >"$HOME/key" && openssl rand -hex 32 >"$HOME/other")
new_project
mlops config core.encryption aes-256-gcm && mlops config --local core.keyFile "$HOME/key"
mkdir d && echo first >d/a && head -c 1500000 /dev/urandom >d/large && mlops track d >/dev/null
git add -A && git commit -qm first && cp -r d "$tap_root/first"
echo second >d/a && mlops track d >/dev/null && git commit -qam second && cp -r d "$tap_root/second"
for i in 1 2 3; do
	echo "garbage $i" >d/a && head -c 1500000 /dev/urandom >d/large && mlops track d >/dev/null
done
git reset -q --hard
is "$(count)" 14 "what is named and what is not"
ok "gc within the grace" collect
is "$(count)" 14 "keeps what is young"
age
run mlops gc --yes --json
json_is 'd["objects"], d["named"]' '[9,5]' "gc takes what is old and has no name"
is "$(count)" 5 "and no more"
rm -rf d
ok "what is named is there" mlops checkout
ok "as it was" diff -r d "$tap_root/second"
git checkout -q HEAD~1 && mlops checkout >/dev/null
ok "what history names is, too" diff -r d "$tap_root/first"
git checkout -q main && mlops checkout >/dev/null

# A tree that nobody names, but young: what it lists stays, however old.
echo old >d/a && mlops track d >/dev/null && age
new=$(find .mlops/store -type f | sort)
echo young >d/b && mlops track d >/dev/null
find .mlops/store -type f -newermt '-1 day' >"$tap_root/young"
age
while read -r file; do touch "$file"; done <"$tap_root/young"
rm -rf d/b && git reset -q --hard
for pack in $(grep 'pack$' "$tap_root/young"); do
	case $new in *"$pack"*) touch -d '40 days ago' "$pack" ;; esac
done
run mlops gc --dry-run --json
json_is 'd["young"]' 3 "a young tree is looked into: itself, what it has new, and what is old"
ok "gc" collect

before=$(count)
ok "repack" mlops repack
is "$(find .mlops/store/packs -name '*.pack' | wc -l | tr -d ' ')" 1 "there is one pack"
is "$(count)" "$before" "with all objects"
rm -rf d && ok "they can be checked out" mlops checkout
ok "as they were" diff -r d "$tap_root/second"
MLOPS_CORE_KEYFILE=$HOME/other run mlops gc --keep-within 0 --yes
isnt "$rc" 0 "with another key nothing can be told, and gc fails"
is "$(count)" "$before" "and takes nothing"
done_testing
