/*
 * push --verify: all that the refs lead to is read back from the remote and hashed, what was sent now
 * and what was there before.
 */
#include <pthread.h>

#include "base/log.h"
#include "crypto/hash.h"
#include "remote/private.h"

#define MAX_WARNINGS 10

struct read_back {
	struct transfer transfer; /* first: batches are given it */
	struct want_set set;
	struct item_list items;
	pthread_mutex_t lock; /* guards `there` of what is in the set */
};

/* What of one batch is coming. */
struct reading {
	struct read_back *back;
	struct hasher *hasher;
	struct oid oid;
};

static int begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;

	(void)size, (void)err;
	r->oid = *oid;
	hasher_reset(r->hasher);
	return 0;
}

static int piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;

	(void)err;
	hasher_update(r->hasher, buf, n);
	return 0;
}

static int end(void *arg, struct mlops_error *err)
{
	struct reading *r = arg;
	struct oid got;

	(void)err;
	hasher_final(r->hasher, &got);
	if (!mlops_oid_equal(&got, &r->oid))
		return 0;
	pthread_mutex_lock(&r->back->lock);
	struct want *w = want_find(&r->back->set, &r->oid);
	if (w)
		w->there = true;
	pthread_mutex_unlock(&r->back->lock);
	r->back->transfer.done_objects++;
	return 0;
}

static int read_items(struct read_back *b, const struct remote_item *items, size_t n,
		      struct mlops_error *err)
{
	struct reading r = { .back = b };
	const struct frame_sink sink = { .begin = begin, .piece = piece, .end = end, .arg = &r };

	if (hasher_new(&r.hasher, err))
		return -1;
	int rc = remote_get(b->transfer.remote, items, n, &sink, err);
	hasher_free(r.hasher);
	return rc;
}

/* One that is damaged must not hide what is behind it. */
static int read_batch(struct transfer *t, const struct remote_item *items, size_t n,
		      struct mlops_error *err)
{
	struct read_back *b = (struct read_back *)t;

	if (!read_items(b, items, n, err))
		return 0;
	if (err->kind != MLOPS_ECORRUPT)
		return -1;
	mlops_error_clear(err);
	for (size_t i = 0; i < n && n > 1; i++)
		if (!want_find(&b->set, &items[i].oid)->there && read_batch(t, &items[i], 1, err))
			return -1;
	return 0;
}

static int add(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct read_back *b = arg;
	bool added;
	struct want *w = want_add(&b->set, &v->oid, &added);
	bool walked = want_walked(w, v, 1);

	(void)err;
	if (!added)
		return walked ? OBJECT_VISIT_SKIP : 0;
	w->path = xstrdup(v->path);
	w->item.size = v->missing && v->is_tree ? REMOTE_SIZE_UNKNOWN : v->size;
	vec_push(&b->items, w->item);
	b->transfer.total_objects++;
	b->transfer.total_bytes += w->item.size == REMOTE_SIZE_UNKNOWN ? 0 : w->item.size;
	return 0;
}

static int report(const struct read_back *b, struct mlops_error *err)
{
	const char *name = b->transfer.remote->name;
	unsigned long long bad = 0;
	char hex[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < b->set.n; i++) {
		const struct want *w = want_at(&b->set, i);

		if (w->there || ++bad > MAX_WARNINGS)
			continue;
		log_warn("object %.12s%s%s%s is damaged at remote '%s' or not there",
			 mlops_oid_hex(&w->item.oid, hex), *w->path ? " ('" : "", w->path,
			 *w->path ? "')" : "", name);
	}
	if (!bad)
		return 0;
	err_set(err, MLOPS_ECORRUPT, "remote '%s' does not give back %llu of the objects", name,
		bad);
	return err_hint(
		err,
		"mark what is damaged with: mlops remote verify --read-data --repair, and push again");
}

int remote_read_back(const struct transfer *like, const struct object_ref *refs, size_t n,
		     struct mlops_error *err)
{
	struct read_back b = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct transfer_counts counts = { 0 };
	int rc = 0;

	b.transfer.remote = like->remote;
	b.transfer.store = like->store;
	b.transfer.how = like->how;
	b.transfer.counts = &counts;
	for (size_t i = 0; i < n && !rc; i++)
		rc = mlops_object_visit(b.transfer.store, &refs[i], add, &b, err);
	if (!rc)
		rc = transfer_run(&b.transfer, &b.items, remote_get_bytes(like->remote), false,
				  read_batch, err);
	if (!rc)
		rc = report(&b, err);
	vec_free(&b.items);
	want_set_clear(&b.set);
	return rc;
}
