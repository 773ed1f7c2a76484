/*
 * One key an object, objects/ab/cdef... below the remote's root, or sealed/ab/cdef...: how remotes of
 * version 1 are, and sealed objects at any (mlops-remote(5)).
 */
#include "remote/native/simple.h"

#include <pthread.h>

#define KEY_SIZE    96
#define MAX_UNKNOWN ((size_t)64 << 20) /* an object of unknown size is taken into memory */

static void key_of(const struct remote *r, const struct oid *oid, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	snprintf(buf, KEY_SIZE, "%s/%.2s/%s", r->seal ? "sealed" : "objects", hex, hex + 2);
}

struct asking {
	const struct remote_item *items;
	bool *present;
};

static int ask_one(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct asking *a = arg;
	const struct remote_item *item = &a->items[i];
	struct key_info info;
	char key[KEY_SIZE];

	key_of(r, &item->oid, key);
	if (r->transport->stat(r->conn, key, &info, err))
		return -1;
	a->present[i] =
		info.found && (item->size == REMOTE_SIZE_UNKNOWN || item->size == info.size);
	return 0;
}

int simple_has(struct remote *r, const struct remote_item *items, size_t n, bool *present,
	       struct mlops_error *err)
{
	struct asking a = { items, present };

	return remote_each(r, n, ask_one, &a, err);
}

/* Small objects are fetched side by side and handed over one at a time. */
struct fetching {
	const struct remote_item *items;
	struct shared_sink to;
};

static int fetch_small(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct fetching *f = arg;
	const struct remote_item *item = &f->items[i];
	bool known = item->size != REMOTE_SIZE_UNKNOWN;
	autobuf bytes = { 0 };
	char key[KEY_SIZE];

	key_of(r, &item->oid, key);
	if (!remote_read_key(r, key, known ? REMOTE_SMALL : MAX_UNKNOWN, &bytes, err))
		return shared_sink_give(&f->to, &item->oid, &bytes, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int fetch_large(struct remote *r, const struct remote_item *item,
		       const struct frame_sink *sink, struct mlops_error *err)
{
	const struct byte_sink bytes = { sink->piece, sink->arg };
	struct byte_range rest = RANGE_ALL;
	struct key_info info;
	char key[KEY_SIZE];

	key_of(r, &item->oid, key);
	if (r->transport->stat(r->conn, key, &info, err))
		return -1;
	if (!info.found)
		return 0;
	if (frame_sink_resume(sink, &item->oid, info.size, &rest.from, err) ||
	    sink->begin(&item->oid, info.size, sink->arg, err) ||
	    r->transport->get(r->conn, key, rest, &bytes, err))
		return -1;
	return sink->end(sink->arg, err);
}

int simple_get(struct remote *r, const struct remote_item *items, size_t n,
	       const struct frame_sink *sink, struct mlops_error *err)
{
	VEC(struct remote_item) small = { 0 };
	struct fetching f = { .to = { sink, PTHREAD_MUTEX_INITIALIZER } };
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (remote_item_is_large(&items[i]))
			rc = fetch_large(r, &items[i], sink, err);
		else
			vec_push(&small, items[i]);
	}
	f.items = small.v;
	if (!rc)
		rc = remote_each(r, small.n, fetch_small, &f, err);
	vec_free(&small);
	return rc;
}

struct sending {
	struct remote_source *sources;
	struct key_put *puts;
	char (*keys)[KEY_SIZE];
};

static int open_all(const struct remote *r, struct sending *s, const struct remote_item *items,
		    size_t n, const struct remote_provider *from, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		s->sources[i].fd = -1;
	for (size_t i = 0; i < n; i++) {
		if (from->open(&items[i], &s->sources[i], from->arg, err))
			return -1;
		key_of(r, &items[i].oid, s->keys[i]);
		s->puts[i] = (struct key_put){ .key = s->keys[i],
					       .from = &s->sources[i],
					       .oid = r->seal ? NULL : &items[i].oid };
	}
	return 0;
}

static int send_all(struct remote *r, const struct sending *s, size_t n, bool ordered,
		    struct mlops_error *err)
{
	if (!ordered || r->transport->put_many)
		return remote_put_keys(r, s->puts, n, err);
	for (size_t i = 0; i < n; i++)
		if (r->transport->put(r->conn, &s->puts[i], err))
			return -1;
	return 0;
}

int simple_put(struct remote *r, const struct remote_item *items, size_t n, bool ordered,
	       const struct remote_provider *from, struct mlops_error *err)
{
	autofree struct remote_source *sources = xcalloc(n, sizeof(*sources));
	autofree struct key_put *puts = xcalloc(n, sizeof(*puts));
	autofree char *keys = xcalloc(n, KEY_SIZE);
	struct sending s = { sources, puts, (char(*)[KEY_SIZE])keys };

	int rc = open_all(r, &s, items, n, from, err) || send_all(r, &s, n, ordered, err);
	for (size_t i = 0; i < n; i++)
		remote_source_close(&sources[i]);
	return rc ? -1 : 0;
}
