/* The object server's answers: which objects there are, one of them, many framed. */
#include "serve/objects.h"

#include "remote/remote.h"
#include "serve/range.h"

#define MAX_NAMES_BODY ((size_t)REMOTE_MAX_BATCH * (MLOPS_OID_HEX + 1))
#define MAX_OBJECT     ((size_t)16 << 40)
#define HOST_CHARS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
#define OCTETS         "application/octet-stream"

struct store *object_server_store(const struct object_server *s, const struct http_call *call)
{
	return str_starts(http_call_path(call), "/v1/sealed/") ? s->sealed : s->store;
}

/* A proxy before us says by X-Forwarded-Proto how it was reached. */
char *object_server_url(const struct http_call *call)
{
	const char *host = http_call_header(call, "Host"),
		   *proto = http_call_header(call, "X-Forwarded-Proto");

	if (!host || !*host || host[strspn(host, HOST_CHARS)])
		host = "localhost";
	bool tls = http_call_is_tls(call) || (proto && !strcmp(proto, "https"));
	return xasprintf("%s://%s%s", tls ? "https" : "http", host, http_call_mount(call));
}

/* As MLflow's server answers, which those that watch it may compare. */
static int health(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply(call, 200, "text/plain", "OK", 2);
}

static int describe(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct json *v = js_obj();

	(void)arg, (void)err;
	js_set(v, "service", js_str("mlops"));
	js_set(v, "version", js_str(MLOPS_VERSION));
	js_set(v, "protocol", js_int(1));
	return http_reply_json(call, 200, v);
}

static int read_names(struct http_call *call, struct oid_list *out, struct mlops_error *err)
{
	struct str body = http_call_body(call);

	if (!oid_list_parse(body.p, body.n, REMOTE_MAX_BATCH, out, err))
		return 0;
	vec_free(out);
	return -1;
}

/* Of the names in the body, those that are not here. What is said to be here is durable. */
static int list_missing(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct store *store = object_server_store(arg, call);
	struct oid_list names = { 0 };
	autobuf missing = { 0 };

	if (read_names(call, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (!mlops_store_has(store, &names.v[i]))
			oid_list_print(&names.v[i], 1, &missing);
	vec_free(&names);
	if (mlops_store_flush(store, err))
		return -1;
	return http_reply(call, 200, "text/plain", missing.buf ? missing.buf : "", missing.len);
}

/* The objects of a reply, one after the other, each behind its entry header. */
struct outgoing {
	struct store *store;
	struct remote_item *items;
	size_t n, next;
	struct remote_source src; /* of the object that is being sent */
	uint8_t head[FRAME_ENTRY];
	size_t head_n, head_at;
	uint64_t at;
};

static void outgoing_end(struct http_call *call, void *arg)
{
	struct outgoing *o = http_call_state(call);

	(void)arg;
	remote_source_close(&o->src);
	free(o->items);
}

static int outgoing_begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct outgoing *o = arena_alloc(http_call_arena(call), sizeof(*o));

	(void)err;
	o->store = object_server_store(arg, call);
	o->src.fd = -1;
	http_call_set_state(call, o);
	return 0;
}

static int next_object(struct outgoing *o, struct mlops_error *err)
{
	const struct remote_item *item = &o->items[o->next++];

	remote_source_close(&o->src);
	if (remote_source_open(item, &o->src, o->store, err))
		return -1;
	if (o->src.size != item->size)
		return err_set(err, MLOPS_ECORRUPT, "an object changed its size");
	frame_put_entry(o->head, &item->oid, item->size);
	o->head_n = FRAME_ENTRY;
	o->head_at = 0;
	o->at = 0;
	return 0;
}

static ssize_t read_outgoing(void *buf, size_t max, void *arg, struct mlops_error *err)
{
	struct outgoing *o = arg;
	size_t n;

	if (o->head_at == o->head_n && o->at == o->src.size) {
		if (o->next == o->n)
			return 0;
		if (next_object(o, err))
			return -1;
	}
	if (o->head_at < o->head_n) {
		n = o->head_n - o->head_at < max ? o->head_n - o->head_at : max;
		memcpy(buf, o->head + o->head_at, n);
		o->head_at += n;
		return (ssize_t)n;
	}
	n = o->src.size - o->at < max ? (size_t)(o->src.size - o->at) : max;
	if (remote_source_read(&o->src, o->at, buf, n, err))
		return -1;
	o->at += n;
	return (ssize_t)n;
}

/* The objects of the names in the body, framed, in that order; those that are not here left out. */
static int fetch(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct outgoing *o = http_call_state(call);
	struct oid_list names = { 0 };
	uint64_t total = FRAME_HEADER;

	(void)arg;
	if (read_names(call, &names, err))
		return -1;
	o->items = xcalloc(names.n, sizeof(*o->items));
	for (size_t i = 0; i < names.n; i++) {
		struct remote_item *item = &o->items[o->n];
		autoerr absent = ERR_INIT;

		item->oid = names.v[i];
		if (mlops_store_size(o->store, &item->oid, &item->size, &absent))
			continue;
		total += FRAME_ENTRY + item->size;
		o->n++;
	}
	vec_free(&names);
	frame_put_header(o->head);
	o->head_n = FRAME_HEADER;
	return http_reply_stream(call, 200, OCTETS, total, read_outgoing, o);
}

/* A part of one object. */
struct single {
	struct remote_source src;
	const char *type;
	uint64_t at, end;
};

int object_send_begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct single *one = arena_alloc(http_call_arena(call), sizeof(*one));

	(void)arg, (void)err;
	one->src.fd = -1;
	http_call_set_state(call, one);
	return 0;
}

void object_send_end(struct http_call *call, void *arg)
{
	struct single *one = http_call_state(call);

	(void)arg;
	remote_source_close(&one->src);
}

static ssize_t read_single(void *buf, size_t max, void *arg, struct mlops_error *err)
{
	struct single *one = arg;
	uint64_t left = one->end - one->at;
	size_t n = left < max ? (size_t)left : max;

	if (remote_source_read(&one->src, one->at, buf, n, err))
		return -1;
	one->at += n;
	return (ssize_t)n;
}

static int send_source(struct http_call *call, struct single *one, int status, uint64_t from,
		       uint64_t n)
{
	if (one->src.buf)
		return http_reply(call, status, one->type, one->src.buf + from, (size_t)n);
	if (!one->src.read)
		return http_reply_file(call, status, one->type, steal_fd(&one->src.fd), from, n);
	one->at = from;
	one->end = from + n;
	return http_reply_stream(call, status, one->type, n, read_single, one);
}

static int send_range(struct http_call *call, struct single *one)
{
	uint64_t size = one->src.size, from = 0, n = size;
	char text[96];

	http_reply_header(call, "Accept-Ranges", "bytes");
	switch (range_parse(http_call_header(call, "Range"), size, &from, &n)) {
	case RANGE_NONE:
		snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size);
		http_reply_header(call, "Content-Range", text);
		return http_reply(call, 416, NULL, "", 0);
	case RANGE_PART:
		snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)from,
			 (unsigned long long)(from + n - 1), (unsigned long long)size);
		http_reply_header(call, "Content-Range", text);
		return send_source(call, one, 206, from, n);
	default:
		return send_source(call, one, 200, 0, size);
	}
}

int object_send_as(struct http_call *call, struct store *store, const struct oid *oid,
		   const char *type, struct mlops_error *err)
{
	const struct remote_item item = { .oid = *oid, .size = SIZE_MAX };
	struct single *one = http_call_state(call);

	one->type = type;
	if (remote_source_open(&item, &one->src, store, err)) {
		if (err->kind == MLOPS_ENOTFOUND)
			err_set(err, MLOPS_ENOTFOUND, "there is no such object");
		return -1;
	}
	return send_range(call, one);
}

int object_send(struct http_call *call, struct store *store, const struct oid *oid,
		struct mlops_error *err)
{
	return object_send_as(call, store, oid, OCTETS, err);
}

static int get_object(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct oid oid;

	if (!mlops_oid_parse(http_call_param(call, "oid"), &oid))
		return err_set(err, MLOPS_EINVALID, "the path ends in no object name");
	return object_send(call, object_server_store(arg, call), &oid, err);
}

/* What can be asked about objects, in the space of plain ones and in that of sealed ones. */
#define SPACE_ROUTES(space, pack)                                                                  \
	{ .method = "POST",                                                                        \
	  .path = space "/batch",                                                                  \
	  .handle = list_missing,                                                                  \
	  .reads = true,                                                                           \
	  .max_body = MAX_NAMES_BODY },                                                            \
		{ .method = "POST",                                                                \
		  .path = space "/fetch",                                                          \
		  .handle = fetch,                                                                 \
		  .reads = true,                                                                   \
		  .max_body = MAX_NAMES_BODY,                                                      \
		  .begin = outgoing_begin,                                                         \
		  .end = outgoing_end },                                                           \
		{ .method = "POST",                                                                \
		  .path = pack,                                                                    \
		  .handle = upload_finish_many,                                                    \
		  .max_body = REMOTE_MAX_FRAME,                                                    \
		  .begin = upload_begin_many,                                                      \
		  .piece = upload_piece_many,                                                      \
		  .end = upload_end },                                                             \
		{ .method = "GET",                                                                 \
		  .path = space "/{oid}",                                                          \
		  .handle = get_object,                                                            \
		  .begin = object_send_begin,                                                      \
		  .end = object_send_end },                                                        \
	{                                                                                          \
		.method = "PUT", .path = space "/{oid}", .handle = upload_finish_one,              \
		.max_body = MAX_OBJECT, .begin = upload_begin_one, .piece = upload_piece_one,      \
		.end = upload_end                                                                  \
	}

const struct http_route object_routes[] = {
	{ .method = "GET", .path = "/health", .handle = health, .open = true },
	{ .method = "GET", .path = "/v1", .handle = describe },
	SPACE_ROUTES("/v1/objects", "/v1/pack"),
	{ .method = "GET", .path = "/v1/objects/{oid}/part", .handle = upload_tell_part },
	SPACE_ROUTES("/v1/sealed", "/v1/sealed/pack"),
	{ .method = NULL },
};
