/* The service that stands before a remote's own: names and bytes are sealed in it. */
#include "remote/sealed.h"

#include <pthread.h>

#include "project/key.h"

struct remote_seal {
	struct seal_key *key;
	pthread_mutex_t lock; /* guards the rest */
	bool checked, marked; /* the remote's mark was looked for, is there */
};

int remote_seal_new(struct project *project, const char *name, struct remote_seal **out,
		    struct mlops_error *err)
{
	autofree char *section = xasprintf("remote.%s", name);
	autofree char *what = xasprintf("remote '%s'", name);
	struct encryption want;
	struct seal_key *key;

	*out = NULL;
	if (project_encryption(project, section, &want, err))
		return -1;
	if (!want.kind)
		return 0;
	if (project_seal_key(project, section, what, want.kind, &key, err))
		return -1;
	struct remote_seal *seal = xcalloc(1, sizeof(*seal));
	seal->key = key;
	pthread_mutex_init(&seal->lock, NULL);
	*out = seal;
	return 0;
}

void remote_seal_free(struct remote_seal *seal)
{
	if (!seal)
		return;
	seal_key_free(seal->key);
	pthread_mutex_destroy(&seal->lock);
	free(seal);
}

/* The next service, and what it is called with. */
struct next {
	const struct object_service *service;
	void *conn;
};

static int find_next(struct remote *r, struct next *out, struct mlops_error *err)
{
	return remote_service(r, &out->service, &out->conn, err);
}

static int mark_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	(void)oid, (void)size, (void)err;
	strbuf_trunc(arg, 0);
	return 0;
}

static int mark_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct strbuf *mark = arg;

	if (n > SEAL_MARK_SIZE - mark->len)
		return err_set(err, MLOPS_ECORRUPT, "a mark is longer than one");
	strbuf_add(mark, buf, n);
	return 0;
}

static int mark_end(void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return 0;
}

static int read_mark(struct remote *r, const struct next *next, bool *found,
		     struct mlops_error *err)
{
	const struct remote_item item = { seal_mark_name, REMOTE_SIZE_UNKNOWN };
	autofree char *what = xasprintf("remote '%s'", r->name);
	autobuf mark = { 0 };
	const struct frame_sink sink = {
		.begin = mark_begin, .piece = mark_piece, .end = mark_end, .arg = &mark
	};

	/* Asked first: a place that nothing was pushed to yet can be asked, but not read. */
	if (next->service->has(next->conn, &item, 1, found, err))
		return -1;
	if (!*found)
		return 0;
	if (next->service->get(next->conn, &item, 1, &sink, err))
		return -1;
	if (!seal_mark_check(r->seal->key, mark.buf, mark.len, what, err))
		return 0;
	if (err->kind != MLOPS_EKEY)
		return -1;
	return err_hint(err,
			"name the file of its key: mlops config --local remote.%s.keyFile FILE",
			r->name);
}

static int open_mark(const struct remote_item *item, struct remote_source *out, void *key,
		     struct mlops_error *err)
{
	autofree uint8_t *mark = xmalloc(SEAL_MARK_SIZE);

	(void)item;
	if (seal_mark_put(key, mark, err))
		return -1;
	*out = (struct remote_source){ .buf = (char *)steal_ptr(&mark),
				       .fd = -1,
				       .size = SEAL_MARK_SIZE };
	return 0;
}

static int write_mark(struct remote *r, const struct next *next, struct mlops_error *err)
{
	const struct remote_item item = { seal_mark_name, SEAL_MARK_SIZE };
	const struct remote_provider from = { open_mark, r->seal->key };

	return next->service->put(next->conn, &item, 1, true, &from, err);
}

/* Without the mark a wrong key would look like a remote that has nothing. */
static int prepare(struct remote *r, bool to_write, struct next *next, struct mlops_error *err)
{
	struct remote_seal *seal = r->seal;
	int rc = find_next(r, next, err);

	pthread_mutex_lock(&seal->lock);
	if (!rc && !seal->checked) {
		rc = read_mark(r, next, &seal->marked, err);
		seal->checked = !rc;
	}
	if (!rc && to_write && !seal->marked) {
		rc = write_mark(r, next, err);
		seal->marked = !rc;
	}
	pthread_mutex_unlock(&seal->lock);
	return rc;
}

int remote_seal_check(struct remote *r, struct mlops_error *err)
{
	struct next next;

	return prepare(r, false, &next, err);
}

/* Objects by the names of their seals. */
struct names {
	struct remote_item *sealed; /* in the order of `items` */
	struct map items;           /* name -> struct remote_item */
};

static void names_init(struct names *names, const struct seal_key *key,
		       const struct remote_item *items, size_t n)
{
	names->sealed = xcalloc(n, sizeof(*names->sealed));
	for (size_t i = 0; i < n; i++) {
		struct remote_item *s = &names->sealed[i];

		seal_name(key, &items[i].oid, &s->oid);
		s->size = items[i].size == REMOTE_SIZE_UNKNOWN ? items[i].size :
								 sealed_size(items[i].size);
		map_putn(&names->items, s->oid.sha256, sizeof(s->oid.sha256), (void *)&items[i]);
	}
}

static void names_clear(struct names *names)
{
	free(names->sealed);
	map_clear(&names->items);
}
#define autonames __attribute__((cleanup(names_clear))) struct names

static const struct remote_item *item_of(const struct names *names, const struct oid *name)
{
	return map_getn(&names->items, name->sha256, sizeof(name->sha256));
}

static int sealed_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		      struct mlops_error *err)
{
	struct remote *r = conn;
	autonames names = { 0 };
	struct next next;

	if (prepare(r, false, &next, err))
		return -1;
	names_init(&names, r->seal->key, items, n);
	return next.service->has(next.conn, names.sealed, n, present, err);
}

struct incoming {
	const struct remote *remote;
	const struct names *names;
	struct unsealing opener;
	struct oid oid; /* of the object that is coming */
};

/* What does not open is damage at the remote, of a known object. */
static int blame(const struct incoming *in, struct mlops_error *err)
{
	if (err->kind == MLOPS_ECORRUPT)
		return remote_damaged(in->remote, &in->oid, err);
	return -1;
}

static int incoming_begin(const struct oid *name, uint64_t size, void *arg, struct mlops_error *err)
{
	struct incoming *in = arg;
	const struct remote_item *item = item_of(in->names, name);

	if (!item)
		return err_set(err, MLOPS_ECORRUPT,
			       "remote '%s' sent an object that it was not asked for",
			       in->remote->name);
	in->oid = item->oid;
	return unsealing_begin(&in->opener, &in->oid, name, size, err) ? blame(in, err) : 0;
}

static int incoming_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct incoming *in = arg;

	return unsealing_add(&in->opener, buf, n, err) ? blame(in, err) : 0;
}

static int incoming_end(void *arg, struct mlops_error *err)
{
	struct incoming *in = arg;

	return unsealing_end(&in->opener, err) ? blame(in, err) : 0;
}

static int sealed_fetch(void *conn, const struct remote_item *items, size_t n,
			const struct frame_sink *sink, struct mlops_error *err)
{
	struct remote *r = conn;
	autonames names = { 0 };
	struct incoming in = { .remote = r, .names = &names };
	const struct frame_sink inner = {
		.begin = incoming_begin, .piece = incoming_piece, .end = incoming_end, .arg = &in
	};
	struct next next;

	if (prepare(r, false, &next, err))
		return -1;
	names_init(&names, r->seal->key, items, n);
	unsealing_init(&in.opener, r->seal->key, sink);
	int rc = next.service->get(next.conn, names.sealed, n, &inner, err);
	unsealing_clear(&in.opener);
	return rc;
}

struct outgoing {
	const struct seal_key *key;
	const struct names *names;
	const struct remote_provider *from;
};

/* Many small ones are open at a time: they are sealed at once, in memory. */
static int seal_small(const struct outgoing *o, const struct oid *name,
		      const struct remote_source *plain, struct remote_source *out,
		      struct mlops_error *err)
{
	size_t n = (size_t)plain->size, size = (size_t)sealed_size(n);
	autofree char *in = xmalloc(n + 1), *sealed = xmalloc(size);

	if ((n && remote_source_read(plain, 0, in, n, err)) ||
	    sealed_put(o->key, name, in, n, (uint8_t *)sealed, err))
		return -1;
	*out = (struct remote_source){ .buf = steal_ptr(&sealed), .fd = -1, .size = size };
	return 0;
}

static int open_outgoing(const struct remote_item *sealed, struct remote_source *out, void *arg,
			 struct mlops_error *err)
{
	const struct outgoing *o = arg;
	autosource plain = { .fd = -1 };

	if (o->from->open(item_of(o->names, &sealed->oid), &plain, o->from->arg, err))
		return -1;
	if (plain.size < REMOTE_SMALL)
		return seal_small(o, &sealed->oid, &plain, out, err);
	return sealing_open(o->key, &sealed->oid, &plain, out, err);
}

static int sealed_send(void *conn, const struct remote_item *items, size_t n, bool ordered,
		       const struct remote_provider *from, struct mlops_error *err)
{
	struct remote *r = conn;
	autonames names = { 0 };
	struct outgoing o = { r->seal->key, &names, from };
	const struct remote_provider sealing = { open_outgoing, &o };
	struct next next;

	if (prepare(r, true, &next, err))
		return -1;
	names_init(&names, r->seal->key, items, n);
	return next.service->put(next.conn, names.sealed, n, ordered, &sealing, err);
}

const struct object_service sealed_service = { .has = sealed_has,
					       .get = sealed_fetch,
					       .put = sealed_send };
