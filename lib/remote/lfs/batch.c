/* The batch API: what is to be done for each of many objects. */
#include "base/clock.h"
#include "base/map.h"
#include "base/pool.h"
#include "remote/lfs/private.h"

#define SPARE_MS 5000 /* an action that ends sooner than this is asked for anew */

static void action_clear(struct lfs_action *a)
{
	for (size_t i = 0; i < a->headers.n; i++)
		explicit_bzero(a->headers.v[i], strlen(a->headers.v[i]));
	strlist_clear(&a->headers);
	free(a->href);
}

void lfs_answer_clear(struct lfs_answer *a)
{
	action_clear(&a->move);
	action_clear(&a->verify);
	free(a->message);
	*a = (struct lfs_answer){ 0 };
}

static bool is_header(const char *name, const char *value)
{
	bool good = value && *name;

	for (const char *p = name; *p && good; p++)
		good = (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f && *p != ':';
	for (const char *p = value; good && *p; p++)
		good = (unsigned char)*p >= ' ' || *p == '\t';
	return good;
}

int lfs_read_headers(const struct json *map, struct strlist *out, struct mlops_error *err)
{
	struct json *value;
	const char *name;
	void *iter = NULL;

	while (js_next((struct json *)map, &iter, &name, &value)) {
		if (!is_header(name, js_text(value)))
			return err_set(err, MLOPS_EREMOTE,
				       "the server asks for a header that is none");
		strlist_take(out, xasprintf("%s: %s", name, js_text(value)));
	}
	return 0;
}

static bool has_authorization(const struct strlist *headers)
{
	for (size_t i = 0; i < headers->n; i++)
		if (!strncasecmp(headers->v[i], "Authorization:", 14))
			return true;
	return false;
}

static int read_action(const struct json *v, bool authenticated, struct lfs_action *out,
		       struct mlops_error *err)
{
	const char *href = js_get_text(v, "href");
	autourl checked = { 0 };

	if (!v)
		return 0;
	if (!href || url_parse(href, &checked, err))
		return err_set(err, MLOPS_EREMOTE, "the server names a step without a URL");
	if (lfs_read_headers(js_get(v, "header"), &out->headers, err))
		return -1;
	out->href = xstrdup(href);
	out->until_ms = lfs_read_end(v);
	out->complete = authenticated || has_authorization(&out->headers);
	return 0;
}

/* The server's text goes to a terminal. */
static char *clean_text(const char *text)
{
	char *copy = xstrndup(text, strnlen(text, 300));

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return copy;
}

static int read_answer(const struct json *v, enum lfs_operation op, struct lfs_answer *out,
		       struct mlops_error *err)
{
	const struct json *actions = js_get(v, "actions"), *error = js_get(v, "error");
	bool authenticated = js_get_bool(v, "authenticated", false);
	int64_t code = 500;

	lfs_answer_clear(out);
	if (error) {
		const char *message = js_get_text(error, "message");

		js_get_int(error, "code", &code);
		out->error = code > 0 && code < 1000 ? (int)code : 500;
		out->message = clean_text(message ? message : "the server gives no reason");
		return 0;
	}
	/* Servers of version 0.5 wrote _links. */
	actions = actions ? actions : js_get(v, "_links");
	return read_action(js_get(actions, op == LFS_UPLOAD ? "upload" : "download"), authenticated,
			   &out->move, err) ||
			       read_action(js_get(actions, "verify"), authenticated, &out->verify,
					   err) ?
		       -1 :
		       0;
}

static struct json *make_request(const struct lfs_server *s, enum lfs_operation op,
				 const struct remote_item *items, size_t n)
{
	struct json *body = js_obj(), *list = js_arr(), *transfers = js_arr();

	js_set(body, "operation", js_str(op == LFS_UPLOAD ? "upload" : "download"));
	for (size_t i = 0; i < n; i++) {
		struct json *o = js_obj();
		char hex[MLOPS_OID_HEX + 1];
		uint64_t size = items[i].size == REMOTE_SIZE_UNKNOWN ? 0 : items[i].size;

		js_set(o, "oid", js_str(mlops_oid_hex(&items[i].oid, hex)));
		js_set(o, "size", js_int((int64_t)size));
		js_push(list, o);
	}
	js_set(body, "objects", list);
	js_push(transfers, js_str("basic"));
	js_set(body, "transfers", transfers);
	if (s->ref) {
		struct json *ref = js_obj();

		js_set(ref, "name", js_str(s->ref));
		js_set(body, "ref", ref);
	}
	js_set(body, "hash_algo", js_str("sha256"));
	return body;
}

static int read_answers(const struct lfs_server *s, const struct json *reply, enum lfs_operation op,
			const struct remote_item *items, size_t n, struct lfs_answer *out,
			struct mlops_error *err)
{
	const struct json *list = js_get(reply, "objects");
	const char *transfer = js_get_text(reply, "transfer");
	automap by_oid = { 0 };

	if (transfer && *transfer && strcmp(transfer, "basic"))
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s' wants transfers of the kind '%.40s', not basic ones",
			       s->name, transfer);
	for (size_t i = 0; i < n; i++) {
		out[i].error = 404;
		out[i].message = xstrdup("the server says nothing of it");
		map_putn(&by_oid, items[i].oid.sha256, sizeof(items[i].oid), &out[i]);
	}
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *v = js_at(list, i);
		const char *hex = js_get_text(v, "oid");
		struct oid oid;
		struct lfs_answer *a = hex && mlops_oid_parse(hex, &oid) ?
					       map_getn(&by_oid, oid.sha256, sizeof(oid)) :
					       NULL;

		if (a && read_answer(v, op, a, err))
			return err_wrap(err, "remote '%s'", s->name);
	}
	return 0;
}

int lfs_ask(struct lfs_server *s, enum lfs_operation op, const struct remote_item *items, size_t n,
	    struct lfs_answer *out, struct mlops_error *err)
{
	autojson *reply = NULL;

	if (lfs_api_call(s, op, "/objects/batch", make_request(s, op, items, n), NULL, NULL, &reply,
			 err))
		return -1;
	return read_answers(s, reply, op, items, n, out, err);
}

int lfs_answer_error(struct lfs_server *s, const struct remote_item *item,
		     const struct lfs_answer *a, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	enum mlops_error_kind kind = a->error == 404 || a->error == 410 ? MLOPS_ENOTFOUND :
				     a->error == 401 || a->error == 403 ? MLOPS_EAUTH :
									  MLOPS_EREMOTE;

	mlops_oid_hex(&item->oid, hex);
	if (!a->error)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' does not say where object %.12s is",
			       s->name, hex);
	return err_set(err, kind, "remote '%s': object %.12s: %s (%d)", s->name, hex, a->message,
		       a->error);
}

/* Objects that are asked for in one request, by the first thread that comes to one of them. */
struct block {
	pthread_mutex_t lock; /* guards the rest */
	bool asked;
	struct lfs_answer *answers;
	size_t left; /* that nobody has taken yet */
	struct mlops_error err; /* why there are no answers */
};

struct each {
	struct lfs_server *server;
	enum lfs_operation op;
	const struct remote_item *items;
	size_t n;
	struct block *blocks;
	int (*one)(size_t i, const struct lfs_answer *answer, void *arg, struct mlops_error *err);
	void *arg;
};

static void block_clear(struct block *b, size_t n)
{
	for (size_t i = 0; b->answers && i < n; i++)
		lfs_answer_clear(&b->answers[i]);
	free(steal_ptr(&b->answers));
}

static size_t block_size(const struct each *e, size_t block)
{
	size_t from = block * e->server->batch;

	return e->n - from < e->server->batch ? e->n - from : e->server->batch;
}

/* Takes the answer for an object out of its block. */
static int take_answer(struct each *e, size_t i, struct lfs_answer *out, struct mlops_error *err)
{
	size_t block = i / e->server->batch, first = block * e->server->batch,
	       n = block_size(e, block);
	struct block *b = &e->blocks[block];
	int rc = 0;

	pthread_mutex_lock(&b->lock);
	if (!b->asked) {
		b->asked = true;
		b->left = n;
		b->answers = xcalloc(n, sizeof(*b->answers));
		if (lfs_ask(e->server, e->op, e->items + first, n, b->answers, &b->err))
			block_clear(b, n);
	}
	if (b->err.kind) {
		rc = err_set(err, b->err.kind, "%s", b->err.msg);
		if (b->err.hint)
			err_hint(err, "%s", b->err.hint);
	}
	if (!rc) {
		*out = b->answers[i - first];
		b->answers[i - first] = (struct lfs_answer){ 0 };
		if (!--b->left)
			free(steal_ptr(&b->answers));
	}
	pthread_mutex_unlock(&b->lock);
	return rc;
}

static bool is_over(const struct lfs_answer *a)
{
	return a->move.until_ms && clock_now_ms() > a->move.until_ms - SPARE_MS;
}

static int ask_again(struct each *e, size_t i, struct lfs_answer *a, struct mlops_error *err)
{
	lfs_answer_clear(a);
	return lfs_ask(e->server, e->op, &e->items[i], 1, a, err);
}

static int do_one(size_t i, void *arg, struct mlops_error *err)
{
	struct each *e = arg;
	struct lfs_answer a = { 0 };
	bool fresh = false;
	int rc = take_answer(e, i, &a, err);

	if (!rc && is_over(&a)) {
		fresh = true;
		rc = ask_again(e, i, &a, err);
	}
	if (!rc) {
		rc = e->one(i, &a, e->arg, err);
		if (rc && !fresh && a.move.href && err->kind == MLOPS_EAUTH) {
			mlops_error_clear(err);
			rc = ask_again(e, i, &a, err) || e->one(i, &a, e->arg, err) ? -1 : 0;
		}
	}
	lfs_answer_clear(&a);
	return rc;
}

int lfs_each(struct lfs_server *s, enum lfs_operation op, const struct remote_item *items, size_t n,
	     int (*one)(size_t i, const struct lfs_answer *answer, void *arg,
			struct mlops_error *err),
	     void *arg, struct mlops_error *err)
{
	size_t n_blocks = n / s->batch + (n % s->batch != 0);
	struct each e = { s, op, items, n, xcalloc(n_blocks, sizeof(struct block)), one, arg };

	for (size_t i = 0; i < n_blocks; i++)
		pthread_mutex_init(&e.blocks[i].lock, NULL);
	int rc = n ? pool_each(s->jobs, n, do_one, &e, err) : 0;
	for (size_t i = 0; i < n_blocks; i++) {
		block_clear(&e.blocks[i], block_size(&e, i));
		mlops_error_clear(&e.blocks[i].err);
		pthread_mutex_destroy(&e.blocks[i].lock);
	}
	free(e.blocks);
	return rc;
}
