/* libnghttp2's callbacks, and requests by stream. */
#include "http/h2.h"

#include "gen/nghttp2_lazy.h"

#define FIELDS_MAX 16384
#define WINDOW     (1u << 20)
#define ACKS_MAX   64 /* unsent ones: a client that only pings is cut off */

struct h2 {
	nghttp2_session *session;
	struct h2_handlers handlers;
	void *arg;
	struct h2_request *requests;
};

static void request_free(struct h2 *h, struct h2_request *r)
{
	struct h2_request **at = &h->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	h->handlers.ended(r, h->arg);
	h->handlers.release(r->body.len, h->arg);
	free(r->method);
	free(r->path);
	free(r->trailers);
	strbuf_clear(&r->fields);
	strbuf_clear(&r->body);
	strbuf_clear(&r->out);
	free(r);
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h = arg;

	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct h2_request *r = xcalloc(1, sizeof(*r));
	r->stream = frame->hd.stream_id;
	r->method = xstrdup("");
	r->path = xstrdup("");
	r->next = h->requests;
	h->requests = r;
	nghttp2_session_set_stream_user_data(session, r->stream, r);
	return 0;
}

static void set(char **to, const uint8_t *value, size_t n)
{
	free(*to);
	*to = xstrndup((const char *)value, n);
}

/* libnghttp2 has checked that names and values are proper ones. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t n, uint8_t flags, void *arg)
{
	struct h2_request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags, (void)arg;
	if (!r)
		return 0;
	if (r->fields.len + name_n + n > FIELDS_MAX)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the stream is reset */
	if (name_n == 7 && !memcmp(name, ":method", 7))
		set(&r->method, value, n);
	else if (name_n == 5 && !memcmp(name, ":path", 5))
		set(&r->path, value, n);
	strbuf_add(&r->fields, name, name_n);
	strbuf_addc(&r->fields, '\0');
	strbuf_add(&r->fields, value, n);
	strbuf_addc(&r->fields, '\0');
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *p, size_t n,
		   void *arg)
{
	struct h2_request *r = nghttp2_session_get_stream_user_data(session, stream);
	struct h2 *h = arg;

	(void)flags;
	if (!r || r->answered)
		return 0;
	if (n > h->handlers.max_body - r->body.len || !h->handlers.hold(n, h->arg)) {
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_ENHANCE_YOUR_CALM);
		return 0;
	}
	strbuf_add(&r->body, p, n);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_request *r = NULL;
	struct h2 *h = arg;

	if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
	    frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (r && !r->answered)
		h->handlers.request(r, h->arg);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *arg)
{
	struct h2_request *r = nghttp2_session_get_stream_user_data(session, stream);

	(void)code;
	if (r)
		request_free(arg, r);
	return 0;
}

static int start_session(struct h2 *h)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FIELDS_MAX },
	};
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;

	if (nghttp2_session_callbacks_new(&callbacks) || nghttp2_option_new(&option))
		abort(); /* out of memory */
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
	int rc = nghttp2_session_server_new2(&h->session, callbacks, h, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	return rc ? rc :
		    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
}

int h2_new(const struct h2_handlers *handlers, void *arg, struct h2 **out, struct mlops_error *err)
{
	if (nghttp2_lazy_load(err))
		return -1;
	struct h2 *h = xcalloc(1, sizeof(*h));
	h->handlers = *handlers;
	h->arg = arg;
	if (start_session(h)) {
		h2_free(h);
		return err_set(err, MLOPS_EFAIL, "cannot begin with HTTP/2");
	}
	*out = h;
	return 0;
}

void h2_free(struct h2 *h)
{
	if (!h)
		return;
	while (h->requests)
		request_free(h, h->requests);
	if (h->session)
		nghttp2_session_del(h->session);
	free(h);
}

int h2_receive(struct h2 *h, const void *p, size_t n)
{
	return nghttp2_session_mem_recv(h->session, p, n) == (ssize_t)n ? 0 : -1;
}

int h2_send(struct h2 *h, size_t max, struct strbuf *out)
{
	for (size_t added = 0; added < max;) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(h->session, &p);

		if (n < 0)
			return -1;
		if (!n)
			break;
		strbuf_add(out, p, (size_t)n);
		added += (size_t)n;
	}
	return 0;
}

bool h2_is_alive(struct h2 *h)
{
	return nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session);
}

void h2_drain(struct h2 *h)
{
	nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
			      nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR, NULL,
			      0);
}

const char *h2_field(const struct h2_request *r, const char *name)
{
	const char *p = r->fields.buf, *end = p + r->fields.len;

	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (!strcmp(p, name))
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

static nghttp2_nv pair(const char *name, size_t name_n, const char *value, size_t n)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, name_n, n, NGHTTP2_NV_FLAG_NONE };
}

/* The lines of `text` as fields; at most `max`. */
static size_t split_fields(const char *text, nghttp2_nv *out, size_t max)
{
	size_t n = 0;

	for (struct str rest = str_of(text); rest.n && n < max;) {
		struct str line = str_split(rest, '\n', &rest), value, name = str_split(line, ':', &value);

		value = str_trim(value);
		out[n++] = pair(name.p, name.n, value.p, value.n);
	}
	return n;
}

static ssize_t supply(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t room, uint32_t *flags,
		      nghttp2_data_source *source, void *arg)
{
	struct h2_request *r = source->ptr;
	size_t left = r->out.len - r->out_at, n = left < room ? left : room;
	nghttp2_nv trailers[8];

	(void)arg;
	if (n)
		memcpy(buf, r->out.buf + r->out_at, n);
	r->out_at += n;
	if (r->out_at < r->out.len)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (r->trailers) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (nghttp2_submit_trailer(session, stream, trailers,
					   split_fields(r->trailers, trailers, ARRAY_LEN(trailers))))
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	return (ssize_t)n;
}

int h2_reply(struct h2 *h, struct h2_request *r, const char *type, const void *body, size_t n,
	     const char *trailers)
{
	const nghttp2_nv fields[] = {
		pair(":status", 7, "200", 3),
		pair("content-type", 12, type, strlen(type)),
	};
	const nghttp2_data_provider provider = { .source.ptr = r, .read_callback = supply };

	r->answered = true;
	strbuf_add(&r->out, body, n);
	r->trailers = trailers ? xstrdup(trailers) : NULL;
	return nghttp2_submit_response(h->session, r->stream, fields, ARRAY_LEN(fields), &provider) ? -1 : 0;
}
