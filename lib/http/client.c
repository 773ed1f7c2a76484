/*
 * One easy handle a client, so that connections are kept between requests. What the callbacks
 * find wrong is kept in the exchange, since curl only passes on that something was.
 */
#include "http/client.h"

#include <pthread.h>
#include <strings.h>

#include "base/clock.h"
#include "gen/curl_lazy.h"

#define DEFAULT_MAX_BODY   ((size_t)16 << 20)
#define MAX_ERROR_BODY     ((size_t)64 << 10)
#define DEFAULT_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 10000L
#define MAX_REDIRECTS      5L

struct http_client {
	CURL *curl;
};

struct exchange {
	CURL *curl;
	const struct http_request *req;
	struct http_response *out;
	struct mlops_error *err; /* set when a callback failed */
	size_t received, max_body;
	curl_off_t moved; /* bytes both ways when progress was last seen */
	int64_t moved_at_ms, timeout_ms;
	bool stalled;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_state = CURLE_FAILED_INIT; /* written once, under `once` */

static void init_curl(void)
{
	global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_new(struct http_client **out, struct mlops_error *err)
{
	if (curl_lazy_load(err))
		return -1;
	pthread_once(&once, init_curl);
	CURL *curl = global_state ? NULL : curl_easy_init();
	if (!curl)
		return err_set(err, MLOPS_EFAIL, "cannot start libcurl");
	struct http_client *c = xcalloc(1, sizeof(*c));
	c->curl = curl;
	*out = c;
	return 0;
}

int http_client_version(char *buf, size_t n, struct mlops_error *err)
{
	if (curl_lazy_load(err))
		return -1;
	snprintf(buf, n, "%s", curl_version_info(CURLVERSION_NOW)->version);
	return 0;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

void http_response_clear(struct http_response *r)
{
	strbuf_clear(&r->body);
	free(r->content_type);
	*r = (struct http_response){ 0 };
}

static bool is_success(long status)
{
	return status >= 200 && status < 300;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	long status = 0;

	n *= size;
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	size_t max = is_success(status) ? x->max_body : MAX_ERROR_BODY;
	if (n > max - x->received) {
		err_set(x->err, MLOPS_EREMOTE, "the reply is longer than %zu bytes", max);
		return 0;
	}
	x->received += n;
	if (!is_success(status) || !x->req->write)
		strbuf_add(&x->out->body, p, n);
	else if (n && x->req->write(p, n, x->req->write_arg, x->err))
		return 0;
	return n;
}

/* A redirect starts a new body. */
static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	if (size * n >= 5 && !memcmp(p, "HTTP/", 5)) {
		strbuf_trunc(&x->out->body, 0);
		x->received = 0;
	}
	return size * n;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	ssize_t got = x->req->read(p, size * n, x->req->read_arg, x->err);

	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		       curl_off_t ulnow)
{
	struct exchange *x = arg;
	int64_t now = clock_mono_ms();

	(void)dltotal, (void)ultotal;
	if (dlnow + ulnow != x->moved) {
		x->moved = dlnow + ulnow;
		x->moved_at_ms = now;
	}
	x->stalled = now - x->moved_at_ms >= x->timeout_ms;
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

static void set_method(CURL *curl, const struct http_request *req, struct exchange *x)
{
	bool is_head = !strcmp(req->method, "HEAD");

	if (is_head) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (req->read) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(curl, CURLOPT_READDATA, x);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)req->body_len);
	} else if (req->body || strcmp(req->method, "GET")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body ? req->body : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
	}
	if (!is_head)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
	/* curl drops Authorization when the host, port or scheme of the target is another. */
	bool follow = is_head || !strcmp(req->method, "GET");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, (long)follow);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
}

static void set_options(CURL *curl, const struct http_request *req, struct exchange *x)
{
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, req->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mlops/" MLOPS_VERSION);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
	if (req->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, req->unix_socket);
	if (req->unix_socket || is_loopback(req->url))
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (!req->bearer)
		curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	set_method(curl, req, x);
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
	return list;
}

static int explain(struct exchange *x, CURLcode code, const char *detail)
{
	if (x->err->kind)
		return -1;
	if (x->stalled)
		return err_set(x->err, MLOPS_EREMOTE, "no answer for %lld s",
			       (long long)(x->timeout_ms / 1000));
	if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR)
		return err_set(x->err, MLOPS_EREMOTE,
			       "the connection ended before the whole reply had come");
	return err_set(x->err, MLOPS_EREMOTE, "%s", *detail ? detail : curl_easy_strerror(code));
}

static void take_result(CURL *curl, struct http_response *out)
{
	const char *type = NULL;
	curl_off_t after = 0;
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
	out->status = (int)status;
	out->content_type = type ? xstrdup(type) : NULL;
	out->retry_after_ms = (int64_t)after * 1000;
}

int http_exchange(struct http_client *c, const struct http_request *req, struct http_response *out,
		  struct mlops_error *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	struct exchange x = { .curl = c->curl, .req = req, .out = out, .err = err };

	*out = (struct http_response){ 0 };
	x.max_body = req->max_body ? req->max_body : req->write ? SIZE_MAX : DEFAULT_MAX_BODY;
	x.timeout_ms = req->timeout_ms ? req->timeout_ms : DEFAULT_TIMEOUT_MS;
	x.moved_at_ms = clock_mono_ms();
	set_options(c->curl, req, &x);
	struct curl_slist *headers = make_headers(req);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, detail);
	CURLcode code = curl_easy_perform(c->curl);
	curl_slist_free_all(headers);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code)
		return explain(&x, code, detail);
	take_result(c->curl, out);
	return 0;
}
