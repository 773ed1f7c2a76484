/*
 * Options and callbacks of a request. What the callbacks find wrong is kept in the exchange,
 * since curl only passes on that something was.
 */
#include "http/exchange.h"

#include <pthread.h>
#include <strings.h>

#include "base/clock.h"

#define DEFAULT_MAX_BODY   ((size_t)16 << 20)
#define MAX_ERROR_BODY     ((size_t)64 << 10)
#define MAX_HEADERS        ((size_t)64 << 10)
#define DEFAULT_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 10000L
#define MAX_REDIRECTS      5L
#define CURL_BUFFER        (128L << 10)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_state = CURLE_FAILED_INIT; /* written once, under `once` */

static void init_curl(void)
{
	global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int exchange_start_curl(struct mlops_error *err)
{
	if (curl_lazy_load(err))
		return -1;
	pthread_once(&once, init_curl);
	return global_state ? err_set(err, MLOPS_EFAIL, "cannot start libcurl") : 0;
}

static bool is_success(const struct exchange *x)
{
	long status = 0;

	if (x->req->ssh)
		return true;
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	bool success = is_success(x);
	size_t max = success ? x->max_body : MAX_ERROR_BODY;

	n *= size;
	x->moved_at_ms = clock_mono_ms();
	if (n > max - x->received) {
		err_set(x->err, MLOPS_EREMOTE, "the reply is longer than %zu bytes", max);
		return 0;
	}
	if (success && x->req->write && x->ways && x->ways->deliver) {
		size_t took = n ? x->ways->deliver(x, p, n) : 0;

		x->received += took == n ? n : 0;
		return took;
	}
	x->received += n;
	if (!success || !x->req->write)
		strbuf_add(&x->out->body, p, n);
	else if (n && x->req->write(p, n, x->req->write_arg, x->err))
		return 0;
	return n;
}

/* A redirect, or an interim response, starts anew. */
static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	x->moved_at_ms = clock_mono_ms();
	if (n >= 5 && !memcmp(p, "HTTP/", 5)) {
		strbuf_trunc(&x->out->headers, 0);
		strbuf_trunc(&x->out->body, 0);
		x->received = 0;
	}
	if (n > MAX_HEADERS - x->out->headers.len) {
		err_set(x->err, MLOPS_EREMOTE, "the reply has more than %zu bytes of headers",
			MAX_HEADERS);
		return 0;
	}
	strbuf_add(&x->out->headers, p, n);
	return n;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	x->moved_at_ms = clock_mono_ms();
	if (x->ways && x->ways->supply)
		return x->ways->supply(x, p, size * n);
	ssize_t got = x->req->read(p, size * n, x->req->read_arg, x->err);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

bool exchange_is_stalled(struct exchange *x, int64_t now_ms)
{
	curl_off_t sent = 0, got = 0;

	curl_easy_getinfo(x->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(x->curl, CURLINFO_SIZE_DOWNLOAD_T, &got);
	if (sent + got != x->moved) {
		x->moved = sent + got;
		x->moved_at_ms = now_ms;
	}
	x->stalled = now_ms - x->moved_at_ms >= x->timeout_ms;
	return x->stalled;
}

static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]", NULL };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host && hosts[i]; i++) {
		size_t n = strlen(hosts[i]);

		if (!strncasecmp(host + 3, hosts[i], n) && strchr(":/?", host[3 + n]))
			return true; /* strchr also finds the end of the text */
	}
	return false;
}

static void set_upload(struct exchange *x)
{
	curl_easy_setopt(x->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(x->curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(x->curl, CURLOPT_READDATA, x);
	curl_easy_setopt(x->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->req->body_len);
}

static void set_method(struct exchange *x)
{
	const struct http_request *req = x->req;
	CURL *curl = x->curl;
	bool is_head = !strcmp(req->method, "HEAD");

	if (is_head) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (req->read) {
		set_upload(x);
	} else if (req->body || strcmp(req->method, "GET")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body ? req->body : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
	}
	if (!is_head)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
	/* curl drops Authorization when the host, port or scheme of the target is another. */
	bool follow = !req->bare && (is_head || !strcmp(req->method, "GET"));
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, (long)follow);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
}

static struct curl_slist *make_headers(const struct http_request *req)
{
	struct curl_slist *list = NULL;

	for (const char *const *h = req->headers; h && *h; h++)
		list = curl_slist_append(list, *h);
	if (req->bearer) {
		autofree char *line = xasprintf("Authorization: Bearer %s", req->bearer);

		list = curl_slist_append(list, line);
		explicit_bzero(line, strlen(line));
	}
	/* For a body without a type curl would claim a web form. A type given above still counts. */
	list = curl_slist_append(list, "Content-Type:");
	return curl_slist_append(list, "Expect:");
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The variables that the curl program heeds, and the library leaves to it. */
static void set_authorities(CURL *curl)
{
	const char *file = env("CURL_CA_BUNDLE"), *dir = file ? NULL : env("SSL_CERT_DIR");

	file = file ? file : env("SSL_CERT_FILE");
	if (file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, file);
	if (dir)
		curl_easy_setopt(curl, CURLOPT_CAPATH, dir);
}

static void set_pem(CURL *curl, CURLoption option, const char *pem)
{
	struct curl_blob blob = { (void *)pem, pem ? strlen(pem) : 0, CURL_BLOB_COPY };

	if (pem)
		curl_easy_setopt(curl, option, &blob);
}

static void set_certificates(CURL *curl, const struct http_tls *tls)
{
	set_pem(curl, CURLOPT_CAINFO_BLOB, tls->authorities);
	set_pem(curl, CURLOPT_SSLCERT_BLOB, tls->certificate);
	set_pem(curl, CURLOPT_SSLKEY_BLOB, tls->key);
}

static void set_http(struct exchange *x)
{
	const struct http_request *req = x->req;
	CURL *curl = x->curl;

	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mlops/" MLOPS_VERSION);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
			 req->http1 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
	if (!strncasecmp(req->url, "https:", 6)) {
		curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
		set_authorities(curl);
		if (req->tls)
			set_certificates(curl, req->tls);
	}
	if (req->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, req->unix_socket);
	if (req->unix_socket || req->direct || is_loopback(req->url))
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (!req->bearer && !req->bare)
		curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	set_method(x);
	x->lists[0] = make_headers(req);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->lists[0]);
}

static struct curl_slist *make_commands(const char *const *commands)
{
	struct curl_slist *list = NULL;

	for (; commands && *commands; commands++)
		list = curl_slist_append(list, *commands);
	return list;
}

/* Without a function of ours to ask, curl refuses every host whose key is not the known one. */
static void set_ssh(struct exchange *x)
{
	const struct ssh_how *ssh = x->req->ssh;
	long types = CURLSSH_AUTH_AGENT | (ssh->key ? CURLSSH_AUTH_PUBLICKEY : 0) |
		     (ssh->password ? CURLSSH_AUTH_PASSWORD : 0);
	CURL *curl = x->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "sftp");
	curl_easy_setopt(curl, CURLOPT_SSH_KNOWNHOSTS, ssh->known_hosts);
	curl_easy_setopt(curl, CURLOPT_SSH_AUTH_TYPES, types);
	if (ssh->password)
		curl_easy_setopt(curl, CURLOPT_PASSWORD, ssh->password);
	curl_easy_setopt(curl, CURLOPT_USERNAME, ssh->user);
	if (ssh->key)
		curl_easy_setopt(curl, CURLOPT_SSH_PRIVATE_KEYFILE, ssh->key);
	curl_easy_setopt(curl, CURLOPT_FTP_CREATE_MISSING_DIRS, (long)CURLFTP_CREATE_DIR_RETRY);
	curl_easy_setopt(curl, CURLOPT_RANGE, ssh->range);
	curl_easy_setopt(curl, CURLOPT_FILETIME, (long)ssh->nothing);
	if (x->req->read)
		set_upload(x);
	curl_easy_setopt(curl, CURLOPT_NOBODY, (long)ssh->nothing);
	x->lists[1] = make_commands(ssh->before);
	x->lists[2] = make_commands(ssh->after);
	curl_easy_setopt(curl, CURLOPT_QUOTE, x->lists[1]);
	curl_easy_setopt(curl, CURLOPT_POSTQUOTE, x->lists[2]);
}

void exchange_begin(struct exchange *x)
{
	const struct http_request *req = x->req;
	CURL *curl = x->curl;

	*x->out = (struct http_response){ .length = -1 };
	x->max_body = req->max_body ? req->max_body : req->write ? SIZE_MAX : DEFAULT_MAX_BODY;
	x->timeout_ms = req->timeout_ms ? req->timeout_ms : DEFAULT_TIMEOUT_MS;
	x->moved_at_ms = clock_mono_ms();
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, req->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 x->timeout_ms < CONNECT_TIMEOUT_MS ? (long)x->timeout_ms :
							      CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, CURL_BUFFER);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, CURL_BUFFER);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, x->detail);
	if (req->ssh)
		set_ssh(x);
	else
		set_http(x);
}

static enum http_failure failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_UNREACHED;
	case CURLE_REMOTE_FILE_NOT_FOUND:
		return HTTP_NO_FILE;
	case CURLE_QUOTE_ERROR:
		return HTTP_COMMAND;
	case CURLE_LOGIN_DENIED:
	case CURLE_REMOTE_ACCESS_DENIED:
		return HTTP_REFUSED;
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_UNKNOWN_HOST;
	default:
		return HTTP_FAILED;
	}
}

static int explain(struct exchange *x, CURLcode code)
{
	if (x->err->kind)
		return -1;
	if (x->stalled)
		return err_set(x->err, MLOPS_EREMOTE, "no answer for %lld s",
			       (long long)(x->timeout_ms / 1000));
	if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR)
		return err_set(x->err, MLOPS_EREMOTE,
			       "the connection ended before the whole reply had come");
	return err_set(x->err, MLOPS_EREMOTE, "%s",
		       *x->detail ? x->detail : curl_easy_strerror(code));
}

static void take_result(struct exchange *x)
{
	struct http_response *out = x->out;
	const char *type = NULL;
	curl_off_t after = 0, length = -1, time = -1;
	long status = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(x->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &after);
	curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	out->status = x->req->ssh ? 200 : (int)status;
	out->content_type = type ? xstrdup(type) : NULL;
	out->retry_after_ms = (int64_t)after * 1000;
	out->length = (int64_t)length;
	if (x->req->ssh && !curl_easy_getinfo(x->curl, CURLINFO_FILETIME_T, &time) && time > 0)
		out->mtime_ms = (int64_t)time * 1000;
}

/*
 * A server that refuses a body may close before it has read all of it, and curl goes on to send
 * until that fails: the refusal had come, whole, and is the answer.
 */
static bool is_refused_early(struct exchange *x, CURLcode code)
{
	curl_off_t length = -1;
	long status = 0;

	if (code != CURLE_SEND_ERROR || x->req->ssh)
		return false;
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return status >= 300 && length >= 0 && (uint64_t)length == x->received;
}

int exchange_end(struct exchange *x, CURLcode code)
{
	int rc = 0;

	if (code && !is_refused_early(x, code)) {
		x->out->why = failure_of(code);
		rc = explain(x, code);
	} else {
		take_result(x);
	}
	curl_easy_setopt(x->curl, CURLOPT_ERRORBUFFER, NULL);
	for (size_t i = 0; i < ARRAY_LEN(x->lists); i++)
		curl_slist_free_all(steal_ptr(&x->lists[i]));
	return rc;
}

void http_response_clear(struct http_response *r)
{
	strbuf_clear(&r->headers);
	strbuf_clear(&r->body);
	free(r->content_type);
	*r = (struct http_response){ 0 };
}

struct str http_response_header(const struct http_response *r, const char *name)
{
	struct str rest = { r->headers.buf ? r->headers.buf : "", r->headers.len };
	struct str found = { "", 0 };
	size_t n = strlen(name);

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		if (line.n > n && line.p[n] == ':' && !strncasecmp(line.p, name, n))
			found = str_trim((struct str){ line.p + n + 1, line.n - n - 1 });
	}
	return found;
}
