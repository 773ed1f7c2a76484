# Files that another program changes while they are read: told, and nothing of them is stored.
. "$(dirname "$0")/../lib/tap.sh"

inject=$(dirname "$MLOPS")/tests/fault/inject.so
[ -e "$inject" ] || skip_all "$inject is not there (make $inject)"

# while_reading N FILE COMMAND CMD...: runs CMD, and COMMAND before the N-th time that CMD reads FILE.
while_reading() {
	changing_read=$1:$PWD/$2 changing_do=$3
	shift 3
	rm -f "$tap_root/done"
	run env LD_PRELOAD="$inject" INJECT_LOG="$tap_root/done" INJECT_READ="$changing_read" \
		INJECT_DO="$changing_do" "$@"
	ok "${changing_do%%
*}, before read $changing_read" grep -q ^interrupted "$tap_root/done"
}

write_mapped='import mmap, sys
with open(sys.argv[1], "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
    m[0:4] = b"torn"'

# changed N FILE SIZE COMMAND: such a file is refused, and can be tracked when it is left alone.
changed() {
	rm -f "$2" "$2.mlops" && yes "$4" | head -c "$3" >"$2"
	find .mlops/store -type f ! -name lock | sort >"$tap_root/before"
	while_reading "$1" "$2" "$4" mlops track "$2"
	rc_is 1 "it is refused"
	like "$err" "^mlops: '$2' changed while it was read" "by name"
	fails "there is no pointer" test -e "$2.mlops"
	find .mlops/store -type f ! -name lock | sort >"$tap_root/after"
	ok "nothing was stored" cmp "$tap_root/before" "$tap_root/after"
	ok "the store is whole" mlops verify
	ok "when it is left alone it can be tracked" mlops track "$2"
	cp "$2" "$tap_root/now" && rm "$2"
	ok "all of it" sh -c "mlops checkout '$2' && cmp '$2' '$tap_root/now'"
}

new_project
mkdir sub
for size in 10000 3000000; do # kept in a pack; in a file of its own, and read in pieces
	last=$((size > 1000000 ? 3 : 1))
	for n in $(seq 1 $last); do
		changed "$n" f "$size" 'echo more >>f'
		changed "$n" f "$size" 'printf torn | dd of=f bs=1 conv=notrunc status=none'
		changed "$n" f "$size" 'truncate -s -100 f'
		changed "$n" f "$size" ': >f'
		changed "$n" f "$size" 'cp f new && echo x >>new && mv new f'
		changed "$n" f "$size" 'printf torn | dd of=f bs=1 conv=notrunc status=none && touch -d 2001-01-01 f'
	done
done
# Memory that is mapped makes no file newer in tmpfs.
if [ "$(stat -f -c %T .)" = tmpfs ]; then
	skip "this is tmpfs" "a file that is written through memory"
else
	changed 2 f 3000000 "python3 -c '$write_mapped' f"
fi

# The same below a folder, where other files were read before.
mkdir d && echo a >d/a && yes | head -c 2000000 >d/b && echo c >d/c
while_reading 2 d/b 'echo more >>d/b' mlops track d
rc_is 1 "a file of a folder"
like "$err" "'d/b' changed while it was read" "is named"
ok "the store is whole" mlops verify
ok "the folder can be tracked" mlops track d
is "$(mlops status)" "nothing has changed" "as it is now"

# A file that needed no reading: what is tracked is what it was when it was looked at, and status tells.
echo two >d/c
while_reading 1 d/c 'echo three >new && mv new d/a' mlops track d
rc_is 0 "a file that is replaced after it was looked at"
run mlops status
like "$out" 'd/a' "is changed"
ok "the store is whole" mlops verify
ok "it can be tracked" mlops track d

# The output of a stage.
cat >mlops.yaml <<'YAML'
stages:
  make:
    cmd: yes out | head -c 3000000 >out && echo small >small
    outs: [out, small]
YAML
while_reading 2 out 'truncate -s 2500000 out' mlops run
rc_is 1 "an output that changes while it is stored: the run fails"
like "$err" "'out' changed while it was read" "by name"
fails "nothing is recorded of it" grep -q out mlops.lock
ok "the store is whole" mlops verify
ok "the next run" mlops run
ok "runs it again" sh -c "yes out | head -c 3000000 | cmp - out"
rm out small
ok "and what it stored is whole" sh -c "mlops run && yes out | head -c 3000000 | cmp - out"

done_testing
