# For tests of remotes; sourced after tap.sh. Servers are ended when the script ends.

# make_data: a project with a folder of small files and a large file, tracked and committed.
make_data() {
	new_project
	mkdir -p data/deep/er
	for n in 1 2 3 4 5 6 7 8 9; do echo "row $n" >"data/f$n"; done
	echo deep >data/deep/er/file
	: >data/empty
	printf '#!/bin/sh\n' >data/tool && chmod +x data/tool
	head -c 3000000 /dev/urandom >large.bin
	mlops track data large.bin >"$tap_root/ok" 2>&1 && git add . && git commit -qm data ||
		{ diag <"$tap_root/ok"; exit 1; }
	origin=$PWD
}

# clone: a fresh git clone of $origin as current folder, with $origin's settings.
clone() {
	tap_projects=$((tap_projects + 1))
	git clone -q "$origin" "$scratch/clone$tap_projects" && cd "$scratch/clone$tap_projects" || exit 1
	cp "$origin/.mlops/config" .mlops/config 2>/dev/null || :
}

# simple_folder DIR: a folder remote of the first version of the format, with one file an object.
simple_folder() { mkdir -p "$1" && echo 'version 1' >"$1/mlops-remote"; }

# simple_bucket: the same below $cloud_url/bucket/some/prefix.
simple_bucket() {
	curl -s -m 20 -o /dev/null -X PUT --data-binary "version 1" -H \
		"x-amz-content-sha256: $(printf 'version 1' | sha256sum | cut -c-64)" "$cloud_url/bucket/some/prefix/mlops-remote"
}

# same_data NAME: the current folder has the bytes and modes of $origin.
same_data() {
	ok "$1" sh -c "diff -r '$origin/data' data && cmp '$origin/large.bin' large.bin && test -x data/tool"
}

# start_server DIR [ARG...]: mlops server on a free port; sets $server_url and $server_pid.
start_server() {
	tap_data=$1
	shift
	rm -f "$tap_root/url"
	mlops server --data "$tap_data" --listen 127.0.0.1:0 --ready-file "$tap_root/url" "$@" \
		>"$tap_root/server.out" 2>"$tap_root/server.err" &
	server_pid=$!
	cleanup "kill $server_pid 2>/dev/null"
	wait_for 20 test -s "$tap_root/url" || { diag <"$tap_root/server.err"; return 1; }
	server_url=$(cat "$tap_root/url")
}

# start_httpd ROOT FAULT: the server that misbehaves; sets $httpd_url, $httpd_log, $httpd_pid.
start_httpd() {
	tap_httpds=$((${tap_httpds:-0} + 1))
	tap_file=$tap_root/httpd$tap_httpds
	python3 -I -S "$tap_src/tests/lib/httpd.py" "$1" "$2" "$tap_file" 2>"$tap_file.err" &
	httpd_pid=$!
	cleanup "kill $httpd_pid 2>/dev/null"
	wait_for 20 test -s "$tap_file" || { diag <"$tap_file.err"; return 1; }
	httpd_url=$(cat "$tap_file") httpd_log=$tap_file.log
	: >>"$httpd_log"
}

# start_cloud: the stand-in for the clouds; sets $cloud_url, $cloud (its folder) and $cloud_pid.
start_cloud() {
	tap_clouds=$((${tap_clouds:-0} + 1))
	cloud=$tap_root/cloud$tap_clouds
	mkdir -p "$cloud"
	: >"$cloud/log"
	python3 -I -S "$tap_src/tests/lib/cloudd.py" "$cloud" 2>"$cloud/err" &
	cloud_pid=$!
	cleanup "kill $cloud_pid 2>/dev/null"
	wait_for 20 test -s "$cloud/url" || { diag <"$cloud/err"; return 1; }
	cloud_url=$(cat "$cloud/url")
}

# start_fault_proxy HOST:PORT: a proxy in front of a good server, which fails as $proxy/faults says; sets $proxy
# (its folder) and $proxy_url.
start_fault_proxy() {
	tap_proxies=$((${tap_proxies:-0} + 1))
	proxy=$tap_root/proxy$tap_proxies
	mkdir -p "$proxy"
	python3 -I -S "$tap_src/tests/lib/fault_proxy.py" "$1" "$proxy" 2>"$proxy/err" &
	cleanup "kill $! 2>/dev/null"
	wait_for 20 test -s "$proxy/url" || { diag <"$proxy/err"; return 1; }
	proxy_url=$(cat "$proxy/url")
}
