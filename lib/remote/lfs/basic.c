/* Basic transfers: an object is one GET or one PUT, and the server may want to hear of a PUT. */
#include "remote/lfs/private.h"

struct intake {
	const struct remote_item *item;
	const struct byte_sink *sink;
	uint64_t received;
	bool wrong;
};

static int take(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct intake *in = arg;
	uint64_t size = in->item->size;

	in->received += n;
	in->wrong = size != REMOTE_SIZE_UNKNOWN && in->received > size;
	if (in->wrong)
		return err_set(err, MLOPS_ECORRUPT, "it is longer than it should be");
	return in->sink->piece(buf, n, in->sink->arg, err);
}

static int wrong_size(const struct lfs_server *s, const struct intake *in, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	return err_set(err, MLOPS_ECORRUPT,
		       "remote '%s' sent %s%llu bytes of object %.12s, which has %llu", s->name,
		       in->wrong ? "more than " : "",
		       (unsigned long long)(in->wrong ? in->item->size : in->received),
		       mlops_oid_hex(&in->item->oid, hex), (unsigned long long)in->item->size);
}

/* Runs one step. Ours goes along only to the host of the API, and where the server gave nothing. */
static int run_step(struct lfs_server *s, const struct lfs_action *a, struct web_call *c,
		    struct mlops_error *err)
{
	bool ours = !a->complete && lfs_is_same_host(s, a->href);
	struct web *w = ours ? &s->api : &s->plain;
	bool has_type = false;

	c->url = xstrdup(a->href);
	c->follow = true;
	for (size_t i = 0; i < a->headers.n; i++) {
		strlist_add(&c->headers, a->headers.v[i]);
		has_type |= !strncasecmp(a->headers.v[i], "Content-Type:", 13);
	}
	if (!strcmp(c->method, "PUT") && !has_type)
		web_header(c, "Content-Type: application/octet-stream");
	if (web_run(w, c, err))
		return -1;
	return web_succeeded(c) ? 0 : web_refused(w, c, NULL, err);
}

static int put_in_words(const struct lfs_server *s, const struct remote_item *item,
			struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	(void)s;
	return err_wrap(err, "object %.12s", mlops_oid_hex(&item->oid, hex));
}

int lfs_get(struct lfs_server *s, const struct remote_item *item, const struct lfs_answer *a,
	    const struct byte_sink *sink, struct mlops_error *err)
{
	struct intake in = { .item = item, .sink = sink };
	const struct byte_sink checked = { take, &in };
	autocall c = WEB_CALL(.method = "GET", .sink = &checked);

	if (!a->move.href)
		return lfs_answer_error(s, item, a, err);
	if (run_step(s, &a->move, &c, err))
		return in.wrong ? wrong_size(s, &in, err) : put_in_words(s, item, err);
	return item->size == REMOTE_SIZE_UNKNOWN || in.received == item->size ?
		       0 :
		       wrong_size(s, &in, err);
}

static int verify(struct lfs_server *s, const struct remote_item *item, const struct lfs_action *a,
		  struct mlops_error *err)
{
	autojson *body = js_obj();
	char hex[MLOPS_OID_HEX + 1];
	autobuf text = { 0 };

	js_set(body, "oid", js_str(mlops_oid_hex(&item->oid, hex)));
	js_set(body, "size", js_int((int64_t)item->size));
	js_dump(body, JS_COMPACT, &text);
	autocall c = WEB_CALL(.method = "POST", .body = text.buf, .n = text.len);
	web_header(&c, "Accept: " LFS_MEDIA);
	web_header(&c, "Content-Type: " LFS_MEDIA);
	return run_step(s, a, &c, err) ? err_wrap(err, "verifying") : 0;
}

int lfs_put(struct lfs_server *s, const struct remote_item *item, const struct lfs_answer *a,
	    const struct remote_source *from, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "PUT", .from = from, .n = from->size);

	if (a->error)
		return lfs_answer_error(s, item, a, err);
	if (a->move.href && run_step(s, &a->move, &c, err))
		return put_in_words(s, item, err);
	if (a->verify.href && verify(s, item, &a->verify, err))
		return put_in_words(s, item, err);
	return 0;
}
