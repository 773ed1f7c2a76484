/*
 * A Git LFS server as a remote: our names of objects are its oids. It takes objects and no keys, so that
 * it is always a service in place of a layout.
 */
#include <pthread.h>

#include "remote/layout.h"
#include "remote/bearer.h"
#include "remote/lfs/lfs.h"

#define MAX_UNKNOWN ((size_t)64 << 20) /* an object of unknown size is taken into memory */

struct conn {
	char *name;
	struct lfs_server *server;
};

static void lfs_close(void *conn)
{
	struct conn *c = conn;

	lfs_server_close(c->server);
	free(c->name);
	free(c);
}

static int lfs_open(const struct transport_how *how, void **out, struct mlops_error *err)
{
	struct lfs_server_how server = { .name = how->name,
					 .url = how->url + strlen("lfs+"),
					 .timeout_ms = how->timeout_ms,
					 .engine = how->engine,
					 .moved = how->moved };
	struct conn *c;
	char *token;

	if (how->sealed)
		return err_set(
			err, MLOPS_EINVALID,
			"remote '%s': a Git LFS server takes no sealed objects, whose names are no hashes",
			how->name);
	if (how->jobs > 0)
		server.jobs = (unsigned)(how->jobs < 64 ? how->jobs : 64);
	if (remote_token(how, &token, err))
		return -1;
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(how->name);
	server.token = token;
	int rc = lfs_server_open(&server, &c->server, err);
	secret_free(token);
	if (rc) {
		lfs_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

/* Of these the server need not have any: it has to answer. */
static int tell_nothing(size_t i, const struct lfs_answer *answer, void *arg,
			struct mlops_error *err)
{
	(void)i, (void)answer, (void)arg, (void)err;
	return 0;
}

static int lfs_check(void *conn, struct mlops_error *err)
{
	struct conn *c = conn;
	struct remote_item nothing = { .size = 0 };

	mlops_oid_parse("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			&nothing.oid);
	return lfs_each(c->server, LFS_DOWNLOAD, &nothing, 1, tell_nothing, NULL, err);
}

struct asking {
	bool *present;
};

static int note_presence(size_t i, const struct lfs_answer *answer, void *arg,
			 struct mlops_error *err)
{
	const struct asking *a = arg;

	(void)err;
	a->present[i] = lfs_answer_has(answer);
	return 0;
}

static int lfs_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		   struct mlops_error *err)
{
	struct asking a = { present };
	struct conn *c = conn;

	return lfs_each(c->server, LFS_UPLOAD, items, n, note_presence, &a, err);
}

struct fetching {
	struct conn *conn;
	const struct remote_item *items;
	struct shared_sink to;
};

static int fetch_small(struct fetching *f, const struct remote_item *item,
		       const struct lfs_answer *answer, struct mlops_error *err)
{
	autobuf bytes = { 0 };
	struct limited_buf limited = { &bytes, MAX_UNKNOWN };
	const struct byte_sink sink = { limited_buf_add, &limited };

	return lfs_get(f->conn->server, item, answer, &sink, err) ?
		       -1 :
		       shared_sink_give(&f->to, &item->oid, &bytes, err);
}

/* One at a time: the sink takes one object after the other. */
static int fetch_large(struct fetching *f, const struct remote_item *item,
		       const struct lfs_answer *answer, struct mlops_error *err)
{
	const struct frame_sink *sink = f->to.sink;
	const struct byte_sink bytes = { sink->piece, sink->arg };

	pthread_mutex_lock(&f->to.lock);
	int rc = sink->begin(&item->oid, item->size, sink->arg, err) ||
		 lfs_get(f->conn->server, item, answer, &bytes, err) || sink->end(sink->arg, err);
	pthread_mutex_unlock(&f->to.lock);
	return rc ? -1 : 0;
}

static int fetch_one(size_t i, const struct lfs_answer *answer, void *arg, struct mlops_error *err)
{
	struct fetching *f = arg;
	const struct remote_item *item = &f->items[i];

	if (answer->error == 404 || answer->error == 410)
		return 0; /* left out */
	if (remote_item_is_large(item))
		return fetch_large(f, item, answer, err);
	return fetch_small(f, item, answer, err);
}

static int lfs_fetch(void *conn, const struct remote_item *items, size_t n,
		     const struct frame_sink *sink, struct mlops_error *err)
{
	struct conn *c = conn;
	struct fetching f = { c, items, { sink, PTHREAD_MUTEX_INITIALIZER } };

	return lfs_each(c->server, LFS_DOWNLOAD, items, n, fetch_one, &f, err);
}

struct sending {
	struct conn *conn;
	const struct remote_item *items;
	const struct remote_provider *from;
};

static int send_one(size_t i, const struct lfs_answer *answer, void *arg, struct mlops_error *err)
{
	const struct sending *s = arg;
	struct remote_item item = s->items[i];
	autosource src = { .fd = -1 };

	if (lfs_answer_has(answer))
		return 0;
	if (s->from->open(&item, &src, s->from->arg, err))
		return -1;
	item.size = src.size;
	return lfs_put(s->conn->server, &item, answer, &src, err);
}

static int lfs_send(void *conn, const struct remote_item *items, size_t n, bool ordered,
		    const struct remote_provider *from, struct mlops_error *err)
{
	struct conn *c = conn;
	struct sending s = { c, items, from };

	for (size_t i = 0; ordered && i < n; i++) {
		struct sending one = { c, items + i, from };

		if (lfs_each(c->server, LFS_UPLOAD, items + i, 1, send_one, &one, err))
			return -1;
	}
	return ordered ? 0 : lfs_each(c->server, LFS_UPLOAD, items, n, send_one, &s, err);
}

static const struct object_service lfs_service = {
	.has = lfs_has,
	.get = lfs_fetch,
	.put = lfs_send,
};

static int lfs_objects(void *conn, const struct object_service **out, struct mlops_error *err)
{
	(void)conn, (void)err;
	*out = &lfs_service;
	return 0;
}

const struct transport transport_lfs = {
	.schemes = { "lfs+https", "lfs+http" },
	.help = "lfs+https://HOST/PATH, the URL of a Git LFS server",
	.open = lfs_open,
	.close = lfs_close,
	.check = lfs_check,
	.objects = lfs_objects,
};
