# Real servers for tests; sourced after tap.sh. The scripts that start them are beside the project, in
# ../shared/peers, or where MLOPS_PEER_SCRIPTS says.
peer_scripts=${MLOPS_PEER_SCRIPTS:-$(git -C "$tap_src" rev-parse --path-format=absolute --git-common-dir 2>/dev/null)/../../shared/peers}
peer_home=$(getent passwd "$(id -u)" | cut -d: -f6)

# peer_run NAME COMMAND: its script, with the home folder of the user, where installations are kept, and
# with Go, which some are built by.
peer_run() {
	HOME=$peer_home PATH=$PATH:/usr/local/go/bin timeout 900 bash "$peer_scripts/$1.sh" "$2"
}

# Tests that run at once share a peer: each leaves its pid in a folder while it uses it, and the last
# one stops what one of them started.
peer_users=$peer_home/.cache/mlops-peers/users

peer_join() { # NAME
	mkdir -p "$peer_users/$1" && (
		flock 9
		peer_run "$1" status >/dev/null 2>&1 9>&- || : >"$peer_users/$1.ours"
		: >"$peer_users/$1/$$"
		peer_run "$1" start 9>&-
	) 9>"$peer_users/$1.lock"
}

peer_leave() { # NAME
	(
		flock 9
		rm -f "$peer_users/$1/$$"
		for peer_user in "$peer_users/$1"/*; do
			kill -0 "${peer_user##*/}" 2>/dev/null && exit
		done
		[ ! -e "$peer_users/$1.ours" ] || peer_run "$1" stop 9>&-
		rm -f "$peer_users/$1.ours"
	) 9>"$peer_users/$1.lock" >/dev/null 2>&1
}

# peer NAME: starts it, unless it runs, and sets the variables that it prints; else skips by name.
peer() {
	[ -f "$peer_scripts/$1.sh" ] || { skip "there is no script that starts it" "$1"; return 1; }
	cleanup "peer_leave $1"
	peer_join "$1" >"$tap_root/peer.env" 2>"$tap_root/peer.err" ||
		{ skip "it does not start: $(tail -1 "$tap_root/peer.err")" "$1"; return 1; }
	eval "$(sed -n "s/^\([A-Z0-9_]*\)=\(.*\)$/\1='\2'; export \1/p" "$tap_root/peer.env")"
}

# python_peer NAME PACKAGE...: an environment with these, made once; sets $peer_python; else skips by name.
python_peer() {
	tap_env=$peer_home/.cache/mlops-peers/py/$1 tap_peer=$1
	shift
	peer_python=$tap_env/bin/python
	tap_mark=$tap_env/.ok-$(printf '%s ' "$@" | cksum | cut -d' ' -f1)
	[ ! -f "$tap_mark" ] || return 0
	{ [ -x "$peer_python" ] || python3 -m venv "$tap_env"; } >"$tap_root/pip" 2>&1 &&
		HOME=$peer_home timeout 600 "$tap_env/bin/pip" install -q --disable-pip-version-check "$@" >>"$tap_root/pip" 2>&1 ||
		{ skip "it cannot be installed: $(tail -1 "$tap_root/pip")" "$tap_peer"; return 1; }
	: >"$tap_mark"
}

# go_tool NAME PACKAGE [only-installed]: a program of the Go module proxy, built once; else skips by name.
go_tool() {
	PATH=$peer_home/.cache/mlops-peers/bin:$PATH:/usr/local/go/bin
	command -v "$1" >/dev/null && return
	[ -z "$3" ] || { skip "it is not installed" "$1"; return 1; }
	command -v go >/dev/null || { skip "there is no Go to build it" "$1"; return 1; }
	HOME=$peer_home GOBIN=$peer_home/.cache/mlops-peers/bin CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
		timeout 600 go install "$2" >"$tap_root/go" 2>&1 || { skip "it does not build: $(tail -1 "$tap_root/go")" "$1"; return 1; }
}

# make_bucket ENDPOINT NAME: with the key of AWS_ACCESS_KEY_ID; fine when it is there.
make_bucket() {
	curl -s -o /dev/null -X PUT -H "x-amz-content-sha256: $(printf '' | sha256sum | cut -c-64)" \
		--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --aws-sigv4 "aws:amz:us-east-1:s3" "$1/$2"
}

# start_nginx [PASSWORD]: a web server with WebDAV over the folder $nginx_root, for user "me" when there is a
# password; sets $nginx_url, and $nginx_tls, the same over TLS and HTTP/2 with the certificate
# $nginx_dir/cert. $nginx_dir/access has a line "PROTOCOL METHOD" a request. False when nginx is not here.
start_nginx() {
	command -v nginx >/dev/null || { skip "nginx is not installed" "nginx"; return 1; }
	nginx_module=/usr/lib/nginx/modules/ngx_http_dav_ext_module.so
	[ -f "$nginx_module" ] || { skip "nginx has no dav-ext module" "nginx"; return 1; }
	nginx_root=$tap_root/web nginx_dir=$tap_root/nginx
	mkdir -p "$nginx_root" "$nginx_dir"
	chmod 777 "$nginx_root" "$nginx_dir"
	chmod 755 "$tap_root"
	nginx_auth=
	[ -z "$1" ] || {
		printf 'me:{PLAIN}%s\n' "$1" >"$nginx_dir/users"
		nginx_auth="auth_basic x; auth_basic_user_file $nginx_dir/users;"
	}
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$nginx_dir/key" -out "$nginx_dir/cert" -days 2 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
	for nginx_port in 25411 25412 25413 25414; do
		cat >"$nginx_dir/conf" <<-CONF
			load_module $nginx_module;
			pid $nginx_dir/pid; error_log $nginx_dir/error.log; daemon on; user $(id -un);
			events { worker_connections 256; }
			http {
				log_format short "\$server_protocol \$request_method"; access_log $nginx_dir/access short;
				client_max_body_size 0; client_body_temp_path $nginx_dir/body;
				proxy_temp_path $nginx_dir/p; fastcgi_temp_path $nginx_dir/f; uwsgi_temp_path $nginx_dir/u;
				scgi_temp_path $nginx_dir/s;
				server {
					listen 127.0.0.1:$nginx_port; listen 127.0.0.1:$((nginx_port + 5)) ssl http2;
					ssl_certificate $nginx_dir/cert; ssl_certificate_key $nginx_dir/key; root $nginx_root; $nginx_auth
					location / {
						dav_methods PUT DELETE MKCOL COPY MOVE;
						dav_ext_methods PROPFIND OPTIONS;
					}
				}
			}
		CONF
		nginx -c "$nginx_dir/conf" 2>"$nginx_dir/start" && break
	done
	[ -s "$nginx_dir/pid" ] || { skip "nginx does not start: $(tail -1 "$nginx_dir/start")" "nginx"; return 1; }
	cleanup "kill \$(cat '$nginx_dir/pid') 2>/dev/null"
	nginx_url=http://127.0.0.1:$nginx_port nginx_tls=https://127.0.0.1:$((nginx_port + 5))
}

# start_sshd: an ssh server with sftp, a key for us and a known_hosts with its own; sets $sshd_url, and
# leaves the key in ~/.ssh. False when OpenSSH's server is not here.
start_sshd() {
	[ -x /usr/sbin/sshd ] || { skip "sshd is not installed" "sftp"; return 1; }
	sshd_dir=$tap_root/sshd
	mkdir -p "$sshd_dir" "$HOME/.ssh"
	chmod 700 "$HOME/.ssh" "$sshd_dir"
	mkdir -p /run/sshd 2>/dev/null
	ssh-keygen -q -t ed25519 -N '' -f "$sshd_dir/host" && ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	cp "$HOME/.ssh/id_ed25519.pub" "$sshd_dir/authorized"
	for sshd_port in 25421 25422 25423 25424; do
		cat >"$sshd_dir/conf" <<-CONF
			Port $sshd_port
			ListenAddress 127.0.0.1
			HostKey $sshd_dir/host
			AuthorizedKeysFile $sshd_dir/authorized
			PidFile $sshd_dir/pid
			StrictModes no
			PasswordAuthentication no
			UsePAM no
			PermitRootLogin yes
			MaxStartups 100
			MaxSessions 100
			Subsystem sftp internal-sftp
		CONF
		/usr/sbin/sshd -f "$sshd_dir/conf" -E "$sshd_dir/log"
		wait_for 3 test -s "$sshd_dir/pid" && break
	done
	[ -s "$sshd_dir/pid" ] || { skip "sshd does not start: $(tail -1 "$sshd_dir/log")" "sftp"; return 1; }
	cleanup "kill \$(cat '$sshd_dir/pid') 2>/dev/null"
	echo "[127.0.0.1]:$sshd_port $(cut -d' ' -f1,2 "$sshd_dir/host.pub")" >"$HOME/.ssh/known_hosts"
	sshd_url=sftp://$(id -un)@127.0.0.1:$sshd_port
}
