/*
 * A remote behind `mlops server` (mlops-remote(5)). Names are asked for in batches, small objects
 * travel framed, large ones alone.
 */
#include "fmt/json.h"
#include "remote/transports/http_link.h"

#define BODY_TARGET  ((size_t)8 << 20)    /* framed bytes collected for one upload */
#define RESUMED_FROM ((uint64_t)16 << 20) /* uploads from here on may go on after a kill */

/* Sealed objects, whose names are no hashes, have paths of their own. */
static char *space_url(const struct link *l, const char *name)
{
	return xasprintf("%s/v1/%s/%s", l->url, l->sealed ? "sealed" : "objects", name);
}

static void print_names(const struct remote_item *items, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++)
		oid_list_print(&items[i].oid, 1, out);
}

/* The reply lists what is missing, in the order of the request. */
static int mark_present(const struct link *l, const struct http_response *r,
			const struct remote_item *items, size_t n, bool *present,
			struct mlops_error *err)
{
	struct oid_list missing = { 0 };
	size_t at = 0;
	int rc = oid_list_parse(r->body.buf ? r->body.buf : "", r->body.len, n, &missing, err);

	for (size_t i = 0; i < n; i++) {
		present[i] = at == missing.n || !mlops_oid_equal(&items[i].oid, &missing.v[at]);
		at += !present[i];
	}
	if (rc || at < missing.n)
		rc = err_set(err, MLOPS_ECORRUPT,
			     "remote '%s' answered with names that it was not asked for",
			     l->web.name);
	vec_free(&missing);
	return rc;
}

static int link_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		    struct mlops_error *err)
{
	struct link *l = conn;

	for (size_t at = 0, part; at < n; at += part) {
		autocall c = WEB_CALL(.method = "POST", .url = space_url(l, "batch"));
		autobuf names = { 0 };

		part = n - at < REMOTE_MAX_BATCH ? n - at : REMOTE_MAX_BATCH;
		print_names(items + at, part, &names);
		c.body = names.buf;
		c.n = names.len;
		if (link_run(l, &c, false, err) ||
		    mark_present(l, &c.r, items + at, part, present + at, err))
			return -1;
	}
	return 0;
}

/* Objects that come framed, in the order asked for; what came whole is not asked for again. */
struct framed {
	struct link *link;
	const struct remote_item *items;
	size_t n, at; /* at: the object that is coming, or the next that may */
	bool *got;
	const struct frame_sink *sink;
	struct frame_sink inner;
	struct frame_reader reader;
	struct strbuf names;
};

static int framed_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct framed *f = arg;

	while (f->at < f->n && (f->got[f->at] || !mlops_oid_equal(&f->items[f->at].oid, oid)))
		f->at++;
	if (f->at == f->n)
		return err_set(err, MLOPS_ECORRUPT,
			       "remote '%s' sent an object that it was not asked for",
			       f->link->web.name);
	if (f->items[f->at].size != REMOTE_SIZE_UNKNOWN && f->items[f->at].size != size)
		return err_set(err, MLOPS_ECORRUPT,
			       "remote '%s' sent an object of %llu bytes instead of %llu",
			       f->link->web.name, (unsigned long long)size,
			       (unsigned long long)f->items[f->at].size);
	return f->sink->begin(oid, size, f->sink->arg, err);
}

static int framed_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct framed *f = arg;

	return f->sink->piece(buf, n, f->sink->arg, err);
}

static int framed_end(void *arg, struct mlops_error *err)
{
	struct framed *f = arg;

	if (f->sink->end(f->sink->arg, err))
		return -1;
	f->got[f->at] = true;
	return 0;
}

static int framed_write(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct framed *f = arg;

	return frame_reader_add(&f->reader, buf, n, err);
}

static void framed_start(struct web_call *call, void *arg)
{
	struct framed *f = arg;

	f->at = 0;
	frame_reader_init(&f->reader, &f->inner);
	strbuf_trunc(&f->names, 0);
	for (size_t i = 0; i < f->n; i++)
		if (!f->got[i])
			print_names(&f->items[i], 1, &f->names);
	call->body = f->names.buf;
	call->n = f->names.len;
}

static int get_framed(struct link *l, const struct remote_item *items, size_t n,
		      const struct frame_sink *sink, struct mlops_error *err)
{
	autofree bool *got = xcalloc(n, sizeof(*got));
	struct framed f = { .link = l,
			    .items = items,
			    .n = n,
			    .got = got,
			    .sink = sink,
			    .inner = { .begin = framed_begin,
				       .piece = framed_piece,
				       .end = framed_end,
				       .arg = &f } };
	const struct byte_sink bytes = { framed_write, &f };
	autocall c = WEB_CALL(.method = "POST", .url = space_url(l, "fetch"), .sink = &bytes,
			      .restart = framed_start, .restart_arg = &f);

	int rc = link_run(l, &c, false, err);
	strbuf_clear(&f.names);
	if (rc)
		return -1;
	return frame_reader_end(&f.reader, err) ? err_wrap(err, "remote '%s'", l->web.name) : 0;
}

/* One large object that comes as a body of its own. */
struct alone {
	const struct remote_item *item;
	const struct frame_sink *sink;
	const char *name; /* of the remote */
	uint64_t received;
	bool begun;
};

static int wrong_size(const struct alone *g, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	return err_set(err, MLOPS_ECORRUPT,
		       "remote '%s' sent %llu bytes or more of object %.12s, which has %llu",
		       g->name, (unsigned long long)g->received, mlops_oid_hex(&g->item->oid, hex),
		       (unsigned long long)g->item->size);
}

static int alone_write(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct alone *g = arg;

	if (!g->begun && g->sink->begin(&g->item->oid, g->item->size, g->sink->arg, err))
		return -1;
	g->begun = true;
	g->received += n;
	if (g->received > g->item->size)
		return wrong_size(g, err);
	return g->sink->piece(buf, n, g->sink->arg, err);
}

static char *object_url(const struct link *l, const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	return space_url(l, mlops_oid_hex(oid, hex));
}

static int get_alone(struct link *l, const struct remote_item *item, const struct frame_sink *sink,
		     struct mlops_error *err)
{
	struct alone g = { .item = item, .sink = sink, .name = l->web.name };
	const struct byte_sink bytes = { alone_write, &g };
	autocall c = WEB_CALL(.method = "GET", .url = object_url(l, &item->oid), .sink = &bytes);

	if (frame_sink_resume(sink, &item->oid, item->size, &g.received, err))
		return -1;
	c.range.from = g.received;
	if (link_run(l, &c, true, err))
		return -1;
	if (c.r.status == 404)
		return 0;
	return g.received == item->size ? sink->end(sink->arg, err) : wrong_size(&g, err);
}

static int link_get(void *conn, const struct remote_item *items, size_t n,
		    const struct frame_sink *sink, struct mlops_error *err)
{
	VEC(struct remote_item) framed = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (remote_item_is_large(&items[i]))
			rc = get_alone(conn, &items[i], sink, err);
		else
			vec_push(&framed, items[i]);
	}
	for (size_t at = 0, part; at < framed.n && !rc; at += part) {
		part = framed.n - at < REMOTE_MAX_BATCH ? framed.n - at : REMOTE_MAX_BATCH;
		rc = get_framed(conn, framed.v + at, part, sink, err);
	}
	vec_free(&framed);
	return rc;
}

static int send_frames(struct link *l, struct strbuf *body, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "POST",
			      .url = l->sealed ? space_url(l, "pack") : link_url(l, "/v1/pack"),
			      .body = body->buf, .n = body->len);

	if (link_run(l, &c, false, err))
		return -1;
	*l->web.moved += body->len;
	strbuf_trunc(body, 0);
	return 0;
}

static int add_frame(struct strbuf *body, const struct oid *oid, const struct remote_source *src,
		     struct mlops_error *err)
{
	uint8_t head[FRAME_ENTRY];

	if (!body->len) {
		frame_put_header(head);
		strbuf_add(body, head, FRAME_HEADER);
	}
	frame_put_entry(head, oid, src->size);
	strbuf_add(body, head, FRAME_ENTRY);
	strbuf_reserve(body, (size_t)src->size);
	if (remote_source_read(src, 0, body->buf + body->len, (size_t)src->size, err))
		return -1;
	body->len += (size_t)src->size;
	return 0;
}

/* An upload that broke off goes on where the server has it, when it is one that keeps that. */
struct rest {
	struct link *link;
	const struct oid *oid;
};

static uint64_t ask_part(const struct rest *r, uint64_t size)
{
	autofree char *object = object_url(r->link, r->oid);
	autocall c = WEB_CALL(.method = "GET", .url = xasprintf("%s/part?size=%llu", object,
								(unsigned long long)size));
	autoerr ignored = ERR_INIT;
	autojson *reply = NULL;
	int64_t have = 0;

	if (link_run(r->link, &c, true, &ignored) || !c.r.body.len ||
	    js_parse(c.r.body.buf, c.r.body.len, "the reply", &reply, &ignored))
		return 0;
	js_get_int(reply, "have", &have);
	return have > 0 && (uint64_t)have < size ? (uint64_t)have : 0;
}

/* Before each try. A server that knows nothing of it takes the whole as it always did. */
static void find_rest(struct web_call *c, void *arg)
{
	unsigned long long size = c->from->size;

	c->at = ask_part(arg, size);
	c->n = size - c->at;
	strlist_clear(&c->headers);
	web_header(c, "Content-Range: bytes %llu-%llu/%llu", (unsigned long long)c->at, size - 1,
		   size);
}

static int put_alone(struct link *l, const struct oid *oid, const struct remote_source *src,
		     struct mlops_error *err)
{
	bool resumes = src->size >= RESUMED_FROM && !l->sealed;
	struct rest rest = { l, oid };
	autocall c =
		WEB_CALL(.method = "PUT", .url = object_url(l, oid), .from = src, .n = src->size,
			 .restart = resumes ? find_rest : NULL, .restart_arg = &rest);

	int rc = link_run(l, &c, false, err);
	if (!rc || c.r.status != 409 || !resumes)
		return rc;
	mlops_error_clear(err); /* what broke off came to an end there just now */
	return link_run(l, &c, false, err);
}

static int put_one(struct link *l, const struct remote_item *item,
		   const struct remote_provider *from, struct strbuf *body, struct mlops_error *err)
{
	autosource src = { .fd = -1 };

	if (from->open(item, &src, from->arg, err))
		return -1;
	if (src.size < REMOTE_SMALL)
		return add_frame(body, &item->oid, &src, err);
	/* What comes before it in order must be there first. */
	if (body->len && send_frames(l, body, err))
		return -1;
	return put_alone(l, &item->oid, &src, err);
}

/* In the given order in any case. */
static int link_put(void *conn, const struct remote_item *items, size_t n, bool ordered,
		    const struct remote_provider *from, struct mlops_error *err)
{
	autobuf body = { 0 };

	(void)ordered;
	for (size_t i = 0; i < n; i++) {
		if (put_one(conn, &items[i], from, &body, err))
			return -1;
		if (body.len >= BODY_TARGET && send_frames(conn, &body, err))
			return -1;
	}
	return body.len ? send_frames(conn, &body, err) : 0;
}

static char *result_url(const struct link *l, const struct oid *key)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *path = xasprintf("/v1/results/%s", mlops_oid_hex(key, hex));

	return link_url(l, path);
}

static int link_result_get(void *conn, const struct oid *key, struct strbuf *out,
			   struct mlops_error *err)
{
	struct link *l = conn;
	autocall c = WEB_CALL(.method = "GET", .url = result_url(l, key));

	if (link_run(l, &c, true, err))
		return -1;
	if (c.r.status == 404)
		return err_set(err, MLOPS_ENOTFOUND, "there is no such result");
	if (c.r.body.len > REMOTE_RESULT_MAX)
		return err_set(err, MLOPS_ECORRUPT, "a result is too long");
	strbuf_add(out, c.r.body.buf, c.r.body.len);
	return 0;
}

static int link_result_put(void *conn, const struct oid *key, const struct strbuf *text,
			   struct mlops_error *err)
{
	struct link *l = conn;
	autocall c = WEB_CALL(.method = "PUT", .url = result_url(l, key), .body = text->buf,
			      .n = text->len);

	if (link_run(l, &c, true, err))
		return -1;
	if (c.r.status == 404)
		return err_set(err, MLOPS_EINVALID, "remote '%s' is a server that keeps no results",
			       l->web.name);
	return 0;
}

const struct object_service link_service = { .has = link_has,
					     .get = link_get,
					     .put = link_put,
					     .result_get = link_result_get,
					     .result_put = link_result_put };

static int link_objects(void *conn, const struct object_service **out, struct mlops_error *err)
{
	enum link_kind kind;

	if (link_kind(conn, &kind, err))
		return -1;
	*out = kind == LINK_SERVER ? &link_service : NULL;
	return 0;
}

const struct transport transport_http = {
	.schemes = { "http", "https" },
	.help = "http://HOST or https://HOST, an mlops server or a web server (WebDAV)",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST,
	.open = link_open,
	.close = link_close,
	.check = link_check,
	.stat = dav_stat,
	.get = dav_get,
	.put = dav_put,
	.remove = dav_remove,
	.list = dav_list,
	.objects = link_objects,
};
