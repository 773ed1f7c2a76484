# The real git-lfs and mlops, in one repository and at one server: each with what the other made.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/remote.sh"
git lfs version >/dev/null 2>&1 || skip_all "git-lfs is not installed"

# by NAME: git's filter is that program's, for all repositories.
by() {
	git config --global --remove-section filter.lfs 2>/dev/null
	if [ "$1" = mlops ]; then mlops lfs install --skip-repo >/dev/null; else git lfs install --skip-repo >/dev/null; fi
}
make_files() {
	mkdir -p many 'with space' && for n in $(seq 150); do echo "$1 $n" >"many/$n.bin"; done
	head -c 3000000 /dev/urandom >large.bin
	: >empty.bin
	printf 'crlf\r\n' >'with space/ü.bin'
	cp large.bin tool.bin && chmod +x tool.bin
}
clean() { # clean NAME: git-lfs finds nothing wrong, and nothing to do
	ok "$1: git lfs fsck" git lfs fsck
	is "$(git lfs status --porcelain)" '' "$1: git lfs status"
	is "$(git status --porcelain)" '' "$1: git status"
	run mlops lfs fsck
	rc_is 0 "$1: mlops lfs fsck"
}

# The same files give the same commit.
for program in git-lfs mlops; do
	by "$program"
	git init -q "$scratch/$program" && cd "$scratch/$program"
	if [ "$program" = mlops ]; then
		mlops lfs install --local >/dev/null && mlops lfs track '*.bin' >/dev/null
	else
		git lfs install --local >/dev/null && git lfs track '*.bin' >/dev/null
	fi
	if [ -d "$scratch/git-lfs/many" ]; then cp -r "$scratch"/git-lfs/* .; else make_files one; fi
	export GIT_AUTHOR_DATE='2026-01-01T00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00Z'
	git add . && git commit -qm one
done
unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE
is "$(git rev-parse HEAD)" "$(git -C "$scratch/git-lfs" rev-parse HEAD)" "both make the same commit of the same files"
is "$(cd .git/lfs/objects && find . -type f | sort)" "$(cd "$scratch/git-lfs/.git/lfs/objects" && find . -type f | sort)" \
	"and the same objects"
clean "what mlops made"
is "$(mlops lfs ls-files -l)" "$(git lfs ls-files -l)" "both list the same"

# One server, both clients, in both orders.
data=$scratch/data
token=$(mlops server token add ann --scope write --data "$data")
other=$(mlops server token add bob --scope write --data "$data")
start_server "$data"
git config --global credential.helper "store --file=$HOME/logins"
login() { printf 'http://any:%s@%s\n' "$1" "$(echo "${server_url#http://}" | sed 's/:/%3a/')" >"$HOME/logins"; }
login "$token"
for pusher in git-lfs mlops; do
	puller=$([ $pusher = mlops ] && echo git-lfs || echo mlops)
	cd "$scratch/$pusher"
	by "$pusher"
	git init -q --bare "$scratch/$pusher.git" && git remote add origin "$scratch/$pusher.git"
	git config -f .lfsconfig lfs.url "$server_url/lfs/from-$pusher" && git add .lfsconfig && git commit -qm server
	run git push -q origin main
	rc_is 0 "$pusher pushes to the server"
	by "$puller"
	run git clone -q "$scratch/$pusher.git" "$scratch/clone-of-$pusher"
	rc_is 0 "$puller clones from it"
	cd "$scratch/clone-of-$pusher"
	ok "$puller: with identical bytes" diff -r --exclude=.git "$scratch/$pusher" .
	ok "$puller: and rights" test -x tool.bin
	clean "$puller's clone"
	echo "changed by $puller" >many/1.bin && git commit -qam change
	run git push -q origin main
	rc_is 0 "$puller pushes back"
	cd "$scratch/$pusher"
	by "$pusher"
	ok "$pusher pulls that" git pull -q origin main
	is "$(cat many/1.bin)" "changed by $puller" "$pusher: and has it"
	clean "$pusher's repository"
done

# In a work tree of either the other is at home.
cd "$scratch/clone-of-mlops"
by mlops
rm -rf .git/lfs/objects many large.bin tool.bin 'with space' && git checkout -q -- .
ok "mlops checks out in a clone of git-lfs" diff -r --exclude=.git "$scratch/mlops" .
clean "after that"
GIT_LFS_SKIP_SMUDGE=1 git clone -q "$scratch/mlops.git" "$scratch/pointers" && cd "$scratch/pointers"
ok "git lfs fetch" git lfs fetch
ok "mlops lfs checkout, of what git-lfs fetched" mlops lfs checkout
ok "is the same" diff -r --exclude=.git "$scratch/mlops" .
clean "after that"

# Locks.
cd "$scratch/mlops"
by mlops
git lfs lock large.bin >/dev/null
like "$(mlops lfs locks)" "large.bin +ann" "a lock of git-lfs is one to mlops"
run mlops lfs unlock large.bin
rc_is 0 "which ends it"
mlops lfs lock large.bin >/dev/null
like "$(git lfs locks)" "large.bin.*ann" "and the other way round"
login "$other"
run git lfs unlock large.bin
isnt "$rc" 0 "another cannot end it with git-lfs"
ok "but by force" git lfs unlock --force large.bin
is "$(git lfs locks)" '' "then it is gone"

# A repository that is a folder of this machine.
cd "$scratch/mlops" && git config --file .lfsconfig --remove-section lfs && git add -A && git commit -qm folder
git remote set-url origin "$scratch/mlops.git" && git push -q origin main 2>/dev/null
ok "objects are pushed to a folder" mlops lfs push --all origin
by git-lfs
run git clone -q "file://$scratch/mlops.git" "$scratch/folder"
rc_is 0 "git-lfs clones a folder that mlops pushed to"
cd "$scratch/folder" && clean "it"

done_testing
