# mlops get: files and folders out of other repositories, of git, mlops and DVC.
. "$(dirname "$0")/../lib/tap.sh"

mkdir far theirs && cd theirs && git init -q && mlops init >/dev/null || exit 1
mkdir -p data/sub src/deep
echo one >data/one
echo two >data/sub/two
echo code >src/code
echo note >src/deep/note
echo big >src/deep/big
echo tool >tool && chmod +x tool
mlops track -q data src/deep/big tool >/dev/null
mlops remote add origin ../far/objects >/dev/null
git add -A && git commit -qm first && git tag v1
mlops push -q >/dev/null
echo three >data/sub/two && mlops track -q data >/dev/null && git commit -qam second
mlops push -q >/dev/null
theirs=$PWD
git clone -q --bare . ../far/theirs.git
cd .. && mkdir here && cd here || exit 1

run mlops get "$theirs" src/code
rc_is 0 "a file that git has"
is "$(cat code)" code "is here"
like "$out" "^got: code \(" "with its commit"
run mlops get "$theirs" src/code
rc_is 1 "what is there"
like "$err" "is there already" "is not overwritten"
echo mine >code
ok "unless that is wished" mlops get -q --force "$theirs" src/code
is "$(cat code)" code "then it is"
run mlops get --json "$theirs" data
schema_ok get.json
is "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["path"])' "$out")" "$PWD/data" "a folder that is tracked"
is "$(cat data/sub/two)" three "as it is now"
ok "of a tag, elsewhere" mlops get -q "$theirs" data@v1 -o old/data
is "$(cat old/data/sub/two)" two "as it was"
ok "a file in it" mlops get -q "$theirs" data/one -o alone
is "$(cat alone)" one "alone"
ok "an executable" mlops get -q --rev v1 "$theirs" tool
ok "is one here" test -x tool
ok "a folder of git with tracked data in it" mlops get -q "$theirs" src/deep
is "$(ls -A deep | tr '\n' ' ')" ".gitignore big note " "has the data in place of its pointer"

# from elsewhere than the folder it was made in: its remote is all there is
rm -rf "$theirs/.mlops/store" data
ok "from its remote" mlops get -q "$theirs" data
is "$(cat data/sub/two)" three "which a relative path leads to"
(cd "$theirs" && mlops config remote.origin.url "$scratch/far/objects" && git commit -qam remote && git push -q ../far/theirs.git HEAD:main)
rm -rf data
ok "of a URL" mlops get -q "file://$scratch/far/theirs.git" data
is "$(cat data/sub/two)" three "likewise"
ok "a commit by its name" mlops get -q "file://$scratch/far/theirs.git" "data@$(git -C "$theirs" rev-parse HEAD)" -o commit
is "$(cat commit/sub/two)" three "as it was in it"

run mlops get "$theirs" nothing
rc_is 1 "a path that is not there"
like "$err" "has no 'nothing'" "is told"
run mlops get "$theirs" data@nothing
rc_is 1 "a revision that is not there"
for path in ../x /etc/passwd .git/config .mlops/config . a//b; do
	run mlops get "$theirs" "$path" -o bad
	rc_is 1 "$path"
	ok "leaves nothing" test ! -e bad
done
run mlops get "$scratch/none" x
rc_is 4 "a repository that is not there"
run mlops get "ext::sh -c touch% $scratch/ran" x
rc_is 4 "a transport that runs something"
ok "runs nothing" test ! -e "$scratch/ran"
run mlops get --upload-pack=x x
rc_is 2 "an option of git's"
is "$(ls -A | grep mlops-get)" "" "nothing is left behind"

# a repository that means harm
mkdir ../evil ../outside && cd ../evil && git init -q && mlops init >/dev/null || exit 1
echo x >data && mlops track -q data >/dev/null
ln -s /etc link
ln -s ../outside .mlops/store2
mlops config core.store "$scratch/outside/store" >/dev/null
ln -s "$scratch/outside" .mlops/tmp2
echo keep >"$scratch/outside/keep" && touch -d 2001-01-01 "$scratch/outside/keep"
rm -rf .mlops/tmp .mlops/run && ln -s "$scratch/outside" .mlops/tmp && ln -s "$scratch/outside" .mlops/run
ln -s "$scratch/outside/config" .mlops/config.local
git add -A -f && git reset -q .mlops/store .mlops/mlops.db .mlops/lock 2>/dev/null
git commit -qm evil
find "$scratch/outside" -type f | sort >../before
rm -rf ../clone && git clone -q . ../clone && cd ../here || exit 1
run mlops get "file://$scratch/clone/.git" data -o evil
run mlops get "file://$scratch/clone/.git" link/passwd -o evil
rc_is 1 "a path behind a symlink"
run mlops get "file://$scratch/clone/.git" link -o evil
rc_is 1 "a symlink"
ok "get nothing" test ! -e evil
ok "and nothing is written elsewhere" sh -c "find '$scratch/outside' -type f | sort | diff - ../before"

# a symlink to a project of ours, which is not theirs to clean up
mkdir ../linked && cd ../linked && git init -q && ln -s "$scratch/mine" in && git add in && git commit -qm in || exit 1
mkdir -p ../mine/.mlops && echo keep >../mine/.mlops/format && cp ../mine/.mlops/format ../mine/.mlops/keep && cd ../here || exit 1
run mlops get "file://$scratch/linked/.git" in/code -o evil
rc_is 1 "a project behind a symlink"
is "$(cat ../mine/.mlops/keep)" keep "is let be"

# DVC
mkdir ../dvc && cd ../dvc && git init -q && mkdir -p .dvc data/sub || exit 1
printf '/tmp\n/cache\n/config.local\n' >.dvc/.gitignore
printf "[core]\n    remote = r\n['remote \"r\"']\n    url = ../../far/dvc\n" >.dvc/config
echo one >data/sub/one
mlops track -q data >/dev/null && git add -A && git commit -qm dvc && mlops push -q >/dev/null
rm -rf .dvc/cache && cd ../here && rm -rf data || exit 1
ok "out of a repository of DVC" mlops get -q ../dvc data
is "$(cat data/sub/one)" one "what DVC tracks"
ok "a file of it" mlops get -q ../dvc data/sub/one -o one
is "$(cat one)" one "alone"
done_testing
