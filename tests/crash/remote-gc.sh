# `mlops remote gc`, killed: all that is named can be pulled, and the next one does the rest.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/crash.sh"

prepare() {
	git init -q && mlops init || exit 1
	mkdir data && for i in 1 2 3 4; do echo "file $i" >"data/f$i"; done
	head -c 1200000 /dev/urandom >data/large
	mlops track data && mlops remote add origin "$scratch/remote" && git add -A && mlops push || exit 1
	for i in 1 2; do echo "changed $i" >"data/f$i"; done
	{ head -c 600000 data/large && echo inserted && tail -c +600001 data/large; } >../edited && mv ../edited data/large
	mlops track data && mlops push && git add -A && git commit -qm one
	cp -a data ../data1
	find "$scratch/remote" -type f -exec touch -d '30 days ago' {} +
	mlops remote gc && find "$scratch/remote" -type f -exec touch -d '30 days ago' {} +
	echo more >data/more && mlops track data && mlops push && rm data/more && mlops track data && mlops push
	find "$scratch/remote" -type f -exec touch -d '30 days ago' {} +
	cp -a "$scratch/remote" ../whole-remote
}

crash_reset() { rm -rf "$scratch/remote" && cp -a "$scratch/whole-remote" "$scratch/remote"; }

attempt() { exec mlops remote gc --yes; }

intact() {
	rm -rf "$scratch/clone" && git clone -q . "$scratch/clone" && cd "$scratch/clone" && mlops pull &&
		mlops verify && diff -rq data "$scratch/data1" && mlops remote verify --read-data &&
		python3 -I -S "$tap_src/tests/lib/remote_reader.py" "$scratch/remote"
}

finished() {
	intact && find "$scratch/remote" -type f -exec touch -d '30 days ago' {} + && cd "$scratch/state" &&
		mlops remote gc && intact && [ -z "$(ls "$scratch/remote/marks")" ]
}

crash_test remote-gc points times
