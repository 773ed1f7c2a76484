/*
 * The native layout: objects/ab/cdef... below the remote's root, or sealed/ab/cdef..., and a file
 * that tells the version of the format (mlops-remote(5)).
 */
#include <pthread.h>

#include "base/num.h"
#include "remote/layout.h"

#define FORMAT_KEY     "mlops-remote"
#define FORMAT_TEXT    "version 1\n"
#define FORMAT_VERSION 1
#define KEY_SIZE       96
#define MAX_UNKNOWN    ((size_t)64 << 20) /* an object of unknown size is taken into memory */

static void key_of(const struct remote *r, const struct oid *oid, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	snprintf(buf, KEY_SIZE, "%s/%.2s/%s", r->seal ? "sealed" : "objects", hex, hex + 2);
}

static int parse_format(const struct remote *r, const struct strbuf *text, struct mlops_error *err)
{
	struct str value = str_trim((struct str){ text->buf ? text->buf : "", text->len });
	autofree char *line = xstrndup(value.p, value.n);
	uint64_t version;

	if (!str_starts(line, "version ") || !num_parse_u64(line + 8, &version))
		return err_set(err, MLOPS_ECORRUPT, "'%s' of remote '%s' is damaged", FORMAT_KEY,
			       r->name);
	if (version > FORMAT_VERSION)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' has format %llu, newer than this program knows (%d)",
			       r->name, (unsigned long long)version, FORMAT_VERSION);
	return 0;
}

/* *found tells whether the remote has a format yet. */
static int read_format(struct remote *r, bool *found, struct mlops_error *err)
{
	struct key_info info;
	autobuf text = { 0 };

	if (r->transport->stat(r->conn, FORMAT_KEY, &info, err))
		return -1;
	*found = info.found;
	if (!info.found)
		return 0;
	return remote_read_key(r, FORMAT_KEY, 4096, &text, err) || parse_format(r, &text, err) ?
		       -1 :
		       0;
}

static int native_check(struct remote *r, struct mlops_error *err)
{
	bool ignored;

	return read_format(r, &ignored, err);
}

/* Once a remote: the format is checked, and written before the first object is. */
struct native {
	pthread_mutex_t lock; /* guards the rest */
	bool checked, written;
};
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER; /* guards layout_state's making */

static struct native *state_of(struct remote *r)
{
	pthread_mutex_lock(&making);
	if (!r->layout_state) {
		struct native *s = xcalloc(1, sizeof(*s));

		pthread_mutex_init(&s->lock, NULL);
		r->layout_state = s;
	}
	pthread_mutex_unlock(&making);
	return r->layout_state;
}

static void native_close(struct remote *r)
{
	struct native *s = r->layout_state;

	if (s)
		pthread_mutex_destroy(&s->lock);
	free(s);
}

static int write_format(struct remote *r, struct mlops_error *err)
{
	const struct remote_source from = { .buf = (char *)FORMAT_TEXT,
					    .fd = -1,
					    .size = strlen(FORMAT_TEXT) };
	const struct key_put put = { .key = FORMAT_KEY, .from = &from };

	return r->transport->put(r->conn, &put, err);
}

static int prepare(struct remote *r, bool to_write, struct mlops_error *err)
{
	struct native *s = state_of(r);
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->checked) {
		rc = read_format(r, &s->written, err);
		s->checked = !rc;
	}
	if (!rc && to_write && !s->written) {
		rc = write_format(r, err);
		s->written = !rc;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
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

static int native_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		      struct mlops_error *err)
{
	struct asking a = { items, present };

	return prepare(conn, false, err) || remote_each(conn, n, ask_one, &a, err) ? -1 : 0;
}

/* Small objects are fetched side by side and handed over one at a time. */
struct fetching {
	const struct remote_item *items;
	const struct frame_sink *sink;
	pthread_mutex_t lock; /* guards the sink */
};

static int hand_over(struct fetching *f, const struct oid *oid, const struct strbuf *bytes,
		     struct mlops_error *err)
{
	const struct frame_sink *sink = f->sink;
	bool whole = false;

	pthread_mutex_lock(&f->lock);
	if (!sink->begin(oid, bytes->len, sink->arg, err) &&
	    (!bytes->len || !sink->piece(bytes->buf, bytes->len, sink->arg, err)))
		whole = !sink->end(sink->arg, err);
	pthread_mutex_unlock(&f->lock);
	return whole ? 0 : -1;
}

static int fetch_small(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct fetching *f = arg;
	const struct remote_item *item = &f->items[i];
	bool known = item->size != REMOTE_SIZE_UNKNOWN;
	autobuf bytes = { 0 };
	char key[KEY_SIZE];

	key_of(r, &item->oid, key);
	if (!remote_read_key(r, key, known ? REMOTE_SMALL : MAX_UNKNOWN, &bytes, err))
		return hand_over(f, &item->oid, &bytes, err);
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

static bool is_large(const struct remote_item *item)
{
	return item->size != REMOTE_SIZE_UNKNOWN && item->size >= REMOTE_SMALL;
}

static int native_get(void *conn, const struct remote_item *items, size_t n,
		      const struct frame_sink *sink, struct mlops_error *err)
{
	VEC(struct remote_item) small = { 0 };
	struct fetching f = { .sink = sink, .lock = PTHREAD_MUTEX_INITIALIZER };
	int rc = prepare(conn, false, err);

	for (size_t i = 0; i < n && !rc; i++) {
		if (is_large(&items[i]))
			rc = fetch_large(conn, &items[i], sink, err);
		else
			vec_push(&small, items[i]);
	}
	f.items = small.v;
	if (!rc)
		rc = remote_each(conn, small.n, fetch_small, &f, err);
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

static int native_put(void *conn, const struct remote_item *items, size_t n, bool ordered,
		      const struct remote_provider *from, struct mlops_error *err)
{
	autofree struct remote_source *sources = xcalloc(n, sizeof(*sources));
	autofree struct key_put *puts = xcalloc(n, sizeof(*puts));
	autofree char *keys = xcalloc(n, KEY_SIZE);
	struct sending s = { sources, puts, (char(*)[KEY_SIZE])keys };

	int rc = prepare(conn, true, err) || open_all(conn, &s, items, n, from, err) ||
		 send_all(conn, &s, n, ordered, err);
	for (size_t i = 0; i < n; i++)
		remote_source_close(&sources[i]);
	return rc ? -1 : 0;
}

const struct layout layout_native = {
	.name = "native",
	.service = { .has = native_has, .get = native_get, .put = native_put },
	.check = native_check,
	.close = native_close,
};
