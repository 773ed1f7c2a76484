#!/bin/sh
# Tables that lie or are broken are refused, with the line, in bounded memory.
. "$(dirname "$0")/../lib/tap.sh"

printf 'a,b\n1,2\n' >ok.csv
# bounded KIB CMD...: runs mlops within so much memory; a sanitizer's own needs are beyond any bound.
bounded() {
	run sh -c 'case $MLOPS in */san/*) ;; *) ulimit -v "$1" ;; esac; shift; exec mlops "$@"' sh "$@"
}

# refused NAME PATTERN FILE: both commands refuse the file.
refused() {
	bounded 200000 monitor drift "$3" ok.csv
	rc_is 1 "$1 is no table to compare"
	like "$err" "$2" "and said why"
	bounded 200000 monitor profile "$3"
	rc_is 1 "$1 is no table to profile"
	like "$err" "$2" "and said why"
}
run mlops monitor profile ok.csv
rc_is 0
printf 'a,b\n1,2\n3\n' >bad.csv
refused "a row that is too short" "line 3: 1 fields" bad.csv
printf 'a,b\n1,"2\n' >bad.csv
refused "a quote without end" "line 2: a quoted field has no end" bad.csv
printf 'a,b\n1,"2"3\n' >bad.csv
refused "text behind a quote" "line 2: text after a closing quote" bad.csv
{ printf 'a,b\n1,"'; head -c 40000000 /dev/zero | tr '\0' x; } >bad.csv
refused "40 MB in one field" "line 2: the record is larger than 16 MiB" bad.csv
head -c 40000000 /dev/zero >bad.csv
refused "40 MB of NUL" "larger than 16 MiB" bad.csv
{ echo a; head -c 40000000 /dev/zero | tr '\0' ','; } >bad.csv
refused "40 million fields" "line 2: the record is larger than 16 MiB" bad.csv
{ head -c 40000000 /dev/zero | tr '\0' '['; } >bad.jsonl
refused "40 MB of brackets" "line 1: it is longer than 1 MiB" bad.jsonl
{ printf '{"a":'; head -c 100000 /dev/zero | tr '\0' '['; } >bad.jsonl
refused "100,000 levels" "nested deeper" bad.jsonl
printf '{"a":1}\n{"a":2' >bad.jsonl
refused "JSON that is cut off" "line 2" bad.jsonl
printf '\377\376a\nx\n' >bad.csv
run mlops monitor profile bad.csv --json
rc_is 0 "bytes that are no UTF-8 are data"
schema_ok monitor-profile.json

# as many different texts as rows: they are not all kept
awk 'BEGIN { print "t"; for (i = 0; i < 300000; i++) printf "%d-%0200d\n", i, i }' >wide.csv
bounded 200000 monitor drift wide.csv wide.csv --json
rc_is 0 "60 MB of different texts in bounded memory"
json_is 'd["columns"][0]["type"]' text "are text"
schema_ok monitor-drift.json
done_testing
