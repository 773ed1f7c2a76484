/* Answers: plain bodies, JSON, files, streams and errors. */
#include "http/call.h"

#include "base/log.h"

#define STREAM_BLOCK ((size_t)64 << 10)

void http_reply_header(struct http_call *c, const char *name, const char *value)
{
	struct header *h = arena_alloc(&c->arena, sizeof(*h));

	h->name = arena_strdup(&c->arena, name);
	h->value = arena_strdup(&c->arena, value);
	h->next = c->headers;
	c->headers = h;
}

/* Takes the response. */
static int queue(struct http_call *c, int status, const char *type, struct MHD_Response *r)
{
	if (!r)
		abort(); /* out of memory */
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	for (const struct header *h = c->headers; h; h = h->next)
		MHD_add_response_header(r, h->name, h->value);
	if (atomic_load(&c->server->stopping))
		MHD_add_response_header(r, "Connection", "close");
	if (MHD_queue_response(c->conn, (unsigned)status, r))
		c->status = status;
	MHD_destroy_response(r);
	return 0;
}

int http_reply(struct http_call *c, int status, const char *type, const void *body, size_t n)
{
	c->sent = n;
	return queue(c, status, type,
		     MHD_create_response_from_buffer(n, (void *)body, MHD_RESPMEM_MUST_COPY));
}

int http_reply_json(struct http_call *c, int status, struct json *value)
{
	struct strbuf text = { 0 };

	js_dump(value, JS_COMPACT, &text);
	js_free(value);
	strbuf_addc(&text, '\n');
	c->large = text.len >= CALL_LARGE;
	c->sent = text.len;
	return queue(c, status, "application/json",
		     MHD_create_response_from_buffer(text.len, text.buf, MHD_RESPMEM_MUST_FREE));
}

int http_reply_file(struct http_call *c, int status, const char *type, int fd, uint64_t offset,
		    uint64_t size)
{
	c->sent = size;
	return queue(c, status, type, MHD_create_response_from_fd_at_offset64(size, fd, offset));
}

struct stream {
	ssize_t (*read)(void *buf, size_t n, void *arg, struct mlops_error *err);
	void *arg;
	uint64_t *sent;
};

static ssize_t read_stream(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = arg;
	autoerr err = ERR_INIT;
	ssize_t n = s->read(buf, max, s->arg, &err);

	(void)pos;
	if (n > 0) {
		*s->sent += (uint64_t)n;
		return n;
	}
	if (n < 0)
		log_error("a reply was cut short: %s", err.msg);
	return MHD_CONTENT_READER_END_WITH_ERROR; /* also an end before the size that was promised */
}

int http_reply_stream(struct http_call *c, int status, const char *type, uint64_t size,
		      ssize_t (*read)(void *buf, size_t n, void *arg, struct mlops_error *err),
		      void *arg)
{
	struct stream *s = arena_alloc(&c->arena, sizeof(*s));

	*s = (struct stream){ read, arg, &c->sent };
	return queue(c, status, type,
		     MHD_create_response_from_callback(size, STREAM_BLOCK, read_stream, s, NULL));
}

static int status_of(enum mlops_error_kind kind)
{
	switch (kind) {
	case MLOPS_EUSAGE:
	case MLOPS_EINVALID:
		return 400;
	case MLOPS_EAUTH:
	case MLOPS_ENO:
		return 403;
	case MLOPS_ENOTFOUND:
		return 404;
	case MLOPS_EEXISTS:
		return 409;
	case MLOPS_EREMOTE:
		return 502;
	case MLOPS_ELOCKED:
		return 503;
	default:
		return 500;
	}
}

static struct json *default_body(const struct mlops_error *err, int status)
{
	struct json *top = js_obj(), *body = js_obj();

	(void)status;
	js_set(body, "kind", js_str(mlops_error_name(err->kind)));
	js_set(body, "message", js_str(err->msg));
	if (err->hint)
		js_set(body, "hint", js_str(err->hint));
	js_set(top, "error", body);
	return top;
}

/* Files and errno of this machine are for its own log. */
static const struct mlops_error *for_client(const struct mlops_error *err)
{
	static const struct mlops_error hidden = {
		MLOPS_EIO, (char *)"the server cannot do this now; its log says why", NULL
	};

	if (err->kind != MLOPS_EIO)
		return err;
	log_error("%s", err->msg);
	return &hidden;
}

enum MHD_Result reply_error(struct http_call *c, const struct mlops_error *err, int status)
{
	struct json *(*body)(const struct mlops_error *, int) =
		c->route && c->route->error_body ? c->route->error_body : c->server->how.error_body;

	if (!status)
		status = status_of(err->kind);
	if (c->server->how.refused && status >= 400 && status < 500)
		c->server->how.refused(c, status, err, c->server->how.arg);
	http_reply_json(c, status, (body ? body : default_body)(for_client(err), status));
	return c->status ? MHD_YES : MHD_NO;
}
