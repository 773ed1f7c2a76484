/* Calls to a Docker Engine. */
#include "http/docker.h"

#include "base/fs.h"
#include "base/path.h"
#include "base/url.h"

#define SOCKET       "unix:///var/run/docker.sock"
#define CALM_MS      ((int64_t)10 * 60 * 1000) /* that a pull or an upload may rest */
#define PEM_MAX      ((size_t)1 << 20)
#define LOGS_MAX     ((size_t)1 << 20)
#define FRAME_HEADER 8 /* of the log: stream, three zeros, length in big-endian */
#define CONFLICTS    409
#define NOT_MODIFIED 304

struct docker {
	struct http_client *client;
	char *base;   /* "http://localhost", "https://host:2376" */
	char *socket; /* or NULL */
	char *address;
	struct strbuf authorities, certificate, key;
	struct http_tls tls;
};

static int read_pem(const char *dir, const char *name, struct strbuf *out, struct mlops_error *err)
{
	autofree char *path = path_join(dir, name);

	return fs_read(path, PEM_MAX, out, err);
}

static int read_certificates(struct docker *d, struct mlops_error *err)
{
	const char *home = getenv("HOME"), *dir = getenv("DOCKER_CERT_PATH");
	autofree char *usual = path_join(home ? home : "/", ".docker");

	if (!dir || !*dir)
		dir = usual;
	if (read_pem(dir, "ca.pem", &d->authorities, err) ||
	    read_pem(dir, "cert.pem", &d->certificate, err) ||
	    read_pem(dir, "key.pem", &d->key, err))
		return err_wrap(err, "DOCKER_TLS_VERIFY is set");
	d->tls = (struct http_tls){ d->authorities.buf, d->certificate.buf, d->key.buf };
	return 0;
}

static int set_tcp(struct docker *d, const char *host, struct mlops_error *err)
{
	const char *verify = getenv("DOCKER_TLS_VERIFY");
	bool tls = verify && *verify;
	size_t n = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":/");

	d->base = xasprintf("%s://%s", tls ? "https" : "http", host);
	d->address = xstrndup(host, n + (host[0] == '['));
	return tls ? read_certificates(d, err) : 0;
}

static int set_host(struct docker *d, const char *host, struct mlops_error *err)
{
	if (str_starts(host, "unix://")) {
		d->socket = xstrdup(host + strlen("unix://"));
		d->base = xstrdup("http://localhost");
		d->address = xstrdup("127.0.0.1");
		return 0;
	}
	if (str_starts(host, "tcp://"))
		return set_tcp(d, host + strlen("tcp://"), err);
	err_set(err, MLOPS_EUSAGE, "'%s' is no host of a Docker Engine", host);
	return err_hint(err, "that is unix:///PATH or tcp://HOST:PORT");
}

int docker_open(const char *host, struct docker **out, struct mlops_error *err)
{
	struct docker *d = xcalloc(1, sizeof(*d));
	const char *named = getenv("DOCKER_HOST");

	if (!host)
		host = named && *named ? named : SOCKET;
	if (set_host(d, host, err) || http_client_new(&d->client, err)) {
		docker_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void docker_free(struct docker *d)
{
	if (!d)
		return;
	http_client_free(d->client);
	if (d->key.buf)
		explicit_bzero(d->key.buf, d->key.len);
	strbuf_clear(&d->authorities);
	strbuf_clear(&d->certificate);
	strbuf_clear(&d->key);
	free(d->base);
	free(d->socket);
	free(d->address);
	free(d);
}

const char *docker_address(const struct docker *d)
{
	return d->address;
}

static int exchange(struct docker *d, const char *path, struct http_request *req,
		    struct http_response *reply, struct mlops_error *err)
{
	autofree char *url = xasprintf("%s%s", d->base, path);
	autofree char *what = xasprintf("Docker: %s %s", req->method, path);

	req->url = url;
	req->unix_socket = d->socket;
	req->bare = true;
	req->direct = d->socket != NULL;
	req->tls = &d->tls;
	req->timeout_ms = CALM_MS;
	if (http_exchange(d->client, req, reply, err)) {
		err_wrap(err, "cannot reach the Docker Engine at '%s'",
			 d->socket ? d->socket : d->base);
		return err_hint(err, "DOCKER_HOST, or docker.host in mlops.yaml, says where it is");
	}
	if ((reply->status >= 200 && reply->status < 300) || reply->status == NOT_MODIFIED)
		return 0;
	http_status_error(reply, what, err);
	if (reply->status == CONFLICTS)
		err->kind = MLOPS_EEXISTS;
	return -1;
}

int docker_call(struct docker *d, const char *method, const char *path, const struct json *body,
		struct json **out, struct mlops_error *err)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	autobuf text = { 0 };
	auto_response reply = { 0 };
	struct http_request req = { .method = method, .headers = headers };

	if (body) {
		js_dump(body, JS_COMPACT, &text);
		req.body = text.buf;
		req.body_len = text.len;
	}
	if (exchange(d, path, &req, &reply, err))
		return -1;
	return out ? js_parse(reply.body.buf ? reply.body.buf : "", reply.body.len,
			      "what Docker answers", out, err) :
		     0;
}

static ssize_t read_file(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	ssize_t got = read(*(const int *)arg, buf, n);

	return got < 0 ? err_sys(err, "cannot read what is to be sent") : got;
}

int docker_put(struct docker *d, const char *path, int fd, uint64_t n, struct mlops_error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar", NULL };
	auto_response reply = { 0 };
	struct http_request req = { .method = "PUT",
				    .headers = headers,
				    .body_len = n,
				    .read = read_file,
				    .read_arg = &fd };

	return exchange(d, path, &req, &reply, err);
}

/* The status is sent before it is known how it ends: that is in the last lines. */
static int check_pull(const struct strbuf *lines, const char *image, struct mlops_error *err)
{
	struct str rest = { lines->buf, lines->len };

	while (rest.n) {
		struct str line = str_trim(str_split(rest, '\n', &rest));
		autojson *v = NULL;

		if (!line.n)
			continue;
		if (js_parse(line.p, line.n, "what Docker answers", &v, err))
			return -1;
		if (js_get_text(v, "error"))
			return err_set(err, MLOPS_EREMOTE, "cannot pull '%s': %s", image,
				       js_get_text(v, "error"));
	}
	return 0;
}

int docker_pull(struct docker *d, const char *image, struct mlops_error *err)
{
	bool exact = strchr(path_base(image), ':') || strchr(image, '@');
	autobuf name = { 0 };

	url_encode(&name, image, "/:@");
	autofree char *inspect = xasprintf("/images/%s/json", name.buf);
	autofree char *create =
		xasprintf("/images/create?fromImage=%s%s", name.buf, exact ? "" : "&tag=latest");
	auto_response reply = { 0 };
	struct http_request req = { .method = "POST" };

	if (!docker_call(d, "GET", inspect, NULL, NULL, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return exchange(d, create, &req, &reply, err) || check_pull(&reply.body, image, err) ? -1 :
											       0;
}

/* Each frame is what was printed to one stream at a time. */
static void add_frames(const struct strbuf *frames, struct strbuf *out)
{
	const uint8_t *p = (const uint8_t *)frames->buf;
	size_t left = frames->len;

	while (left > FRAME_HEADER) {
		size_t n = (size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];

		p += FRAME_HEADER;
		left -= FRAME_HEADER;
		n = n < left ? n : left;
		strbuf_add(out, p, n);
		p += n;
		left -= n;
	}
}

int docker_logs(struct docker *d, const char *container, int lines, struct strbuf *out,
		struct mlops_error *err)
{
	autofree char *path =
		xasprintf("/containers/%s/logs?stdout=1&stderr=1&tail=%d", container, lines);
	auto_response reply = { 0 };
	struct http_request req = { .method = "GET", .max_body = LOGS_MAX };

	if (exchange(d, path, &req, &reply, err))
		return -1;
	add_frames(&reply.body, out);
	return 0;
}
