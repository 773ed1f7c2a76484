#!/bin/sh
# mlops serve: revisions beside each other, by weight, by header, by hash, and as a shadow.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/deploy.sh"

# tell PATH JSON: the status of what the control socket says; its answer is in $tap_root/body.
tell() {
	curl -s --max-time 30 --unix-socket control.sock -o "$tap_root/body" -w '%{http_code}' -d "$2" "http://localhost/$1"
}
revision() {
	tell revisions "{\"model\":\"wine\",\"version\":$1,\"revision\":$1,\"model_dir\":\"$PWD/$2\",\"workers\":1,\"timeout_ms\":20000,\"beside\":${3:-false}}"
}
# counts N [CURL OPTION...]: how many of N answers come from which revision: "1:70 2:30".
counts() {
	n=$1
	shift
	for i in $(seq "$n"); do echo; done | sed "s|.*|url = $u/v1/models/wine:predict|" >urls
	curl -s -K urls "$@" -d '{"instances":[[0]]}' | tr -d '\n' | sed 's/}{/}\n{/g' | sort | uniq -c |
		sed 's/ *\([0-9]*\) .*\[\([0-9]*\)\].*/\2:\1/' | tr '\n' ' '
}
metric() {
	curl -s "$u/metrics" | sed -n "s/^$1 //p"
}

add=1 write_model one
add=2 write_model two
add=3 write_model three
serve --control control.sock
is "$(curl -s -o "$tap_root/body" -w '%{http_code}' -d '{"instances":[[0]]}' "$u/v1/models/wine:predict")" 503 "before there is one"
is "$(curl -s -o "$tap_root/body" -w '%{http_code}' "$u/health")" 503 "it is not well"
is "$(revision 1 one)" 200 "the first"
is "$(revision 2 two true)" 200 "one beside it"
is "$(counts 20)" "1:20 " "gets nothing"
is "$(tell traffic '{"weights":{"1":3,"2":1}}')" 200 "until it gets a share"
like "$(counts 400)" '^1:(2[5-9][0-9]|3[0-4][0-9]) 2:(1[0-4][0-9]|[6-9][0-9]) $' "of about what it should"
is "$(tell traffic '{"weights":{"1":1,"2":0},"header":"X-Revision"}')" 200 "by header"
is "$(counts 5 -H 'X-Revision: 2')" "2:5 " "who asks for it gets it"
is "$(counts 5 -H 'X-Revision: 9')" "1:5 " "who asks for what is not there does not"
is "$(tell traffic '{"weights":{"1":1,"2":1},"hash":"X-User"}')" 200 "by hash"
for user in ann bob cid dan eve; do
	counts 5 -H "X-User: $user"
	echo
done >users
is "$(grep -c ':5 $' users)" 5 "each stays with one"
like "$(metric 'mlops_revision_requests_total{revision="2",status="2xx"}')" '^[1-9]' "answers are counted by revision"

is "$(tell traffic '{"weights":{"1":1},"shadow":2}')" 200 "a shadow"
is "$(counts 10)" "1:10 " "answers nobody"
compared() { [ "$(metric 'mlops_shadow_predictions_total{revision="2",result="different"}')" = 10 ]; }
ok "but is compared" wait_for 20 compared
is "$(revision 3 one true)" 200 "one that is the same"
is "$(tell traffic '{"weights":{"1":1},"shadow":3}')" 200 "in its place"
counts 10 >/dev/null
same() { [ "$(metric 'mlops_shadow_predictions_total{revision="3",result="same"}')" = 10 ]; }
ok "is found the same" wait_for 20 same
is "$(metric 'mlops_revision_weight{revision="2"}')" "" "the one without a part is gone"

is "$(tell traffic '{"weights":{"7":1}}')" 404 "a revision that does not serve"
for bad in '{}' '{"weights":{}}' '{"weights":{"1":0}}' '{"weights":{"1":-1}}' '{"weights":{"x":1}}' '{"weights":{"1":1},"hash":7}' '{"weights":{"1":1},"shadow":3,"shadow_percent":0}' '[' ; do
	is "$(tell traffic "$bad")" 400 "$bad"
done
is "$(revision 3 two true)" 400 "one that serves already"
is "$(counts 5)" "1:5 " "nothing has changed"

start_load "$u"
for i in 1 2 3; do
	revision 4 two true >/dev/null
	tell traffic '{"weights":{"1":1,"4":1}}' >/dev/null
	tell traffic '{"weights":{"4":1}}' >/dev/null
	revision 1 one >/dev/null
done
stop_load "no request failed while shares changed"
is "$(counts 5)" "1:5 " "the last one serves"
kill -TERM "$pid"
ok "ends" wait "$pid"
done_testing
