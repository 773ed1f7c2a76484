/*
 * Objects that git waits for. A thread fetches those that were asked for so far, many at a time, while
 * git asks for more, and writes what has come.
 */
#include <pthread.h>

#include "base/thread.h"
#include "lfs/lfs.h"

#define ENOUGH 100 /* objects that are worth a request before git has asked for all */

struct object {
	struct lfs_pointer pointer;
	char *path; /* where it was first asked for */
	bool done;
	struct mlops_error err; /* why it did not come */
};

struct entry {
	struct object *object;
	bool told; /* git knows that it is done */
};

struct lfs_queue {
	struct lfs *lfs;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct map objects; /* by oid -> struct object * */
	struct map entries; /* by path -> struct entry * */
	size_t taken;       /* objects that the thread has begun with */
	size_t untold;
	bool hurry, closing;
};

static void copy_error(struct mlops_error *to, const struct mlops_error *from)
{
	err_set(to, from->kind, "%s", from->msg);
	if (from->hint)
		err_hint(to, "%s", from->hint);
}

/* From the threads that fetch. */
static void note_done(const struct lfs_want *want, struct mlops_error *err, void *arg)
{
	struct lfs_queue *q = arg;
	const struct oid *oid = &want->pointer.oid;

	pthread_mutex_lock(&q->lock);
	struct object *o = map_getn(&q->objects, oid->sha256, sizeof(*oid));
	o->done = true;
	if (err->kind)
		err_move(&o->err, err);
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

static int fetch(struct lfs_queue *q, struct lfs_remote **remote, const struct lfs_wants *wants,
		 struct mlops_error *err)
{
	struct lfs_transfer t = { .lfs = q->lfs, .done = note_done, .arg = q };
	struct transfer_counts counts = { 0 };

	if (!*remote && lfs_remote_open(q->lfs, NULL, false, NULL, remote, err))
		return -1;
	t.remote = *remote;
	return lfs_download(&t, wants, &counts, err);
}

/* What nothing was said of shares why all of it failed. */
static void fail_rest(struct lfs_queue *q, const struct lfs_wants *wants,
		      const struct mlops_error *err)
{
	pthread_mutex_lock(&q->lock);
	for (size_t i = 0; i < wants->by_oid.n; i++) {
		const struct lfs_want *want = lfs_want_at(wants, i);
		struct object *o =
			map_getn(&q->objects, want->pointer.oid.sha256, sizeof(want->pointer.oid));

		if (!o->done)
			copy_error(&o->err, err);
		o->done = true;
	}
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

/* Waits for enough to do; false: there will be no more. */
static bool take(struct lfs_queue *q, struct lfs_wants *out)
{
	pthread_mutex_lock(&q->lock);
	while (!q->closing && q->objects.n - q->taken < (q->hurry ? 1 : ENOUGH))
		pthread_cond_wait(&q->changed, &q->lock);
	bool more = !q->closing;
	for (; more && q->taken < q->objects.n; q->taken++) {
		const struct object *o = q->objects.v[q->taken].value;
		const struct lfs_found found = { .path = o->path, .pointer = o->pointer };

		lfs_wants_add(out, &found);
	}
	pthread_mutex_unlock(&q->lock);
	return more;
}

static void *run(void *arg)
{
	struct lfs_remote *remote = NULL;
	struct lfs_queue *q = arg;

	for (;;) {
		autolfswants wants = { 0 };
		autoerr err = ERR_INIT;

		if (!take(q, &wants))
			break;
		if (fetch(q, &remote, &wants, &err))
			fail_rest(q, &wants, &err);
	}
	lfs_remote_close(remote);
	return NULL;
}

static void queue_clear(struct lfs_queue *q)
{
	for (size_t i = 0; i < q->objects.n; i++) {
		struct object *o = q->objects.v[i].value;

		mlops_error_clear(&o->err);
		free(o->path);
	}
	map_clear_values(&q->objects, free);
	map_clear_values(&q->entries, free);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q);
}

struct lfs_queue *lfs_queue_new(struct lfs *l)
{
	struct lfs_queue *q = xcalloc(1, sizeof(*q));

	q->lfs = l;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	autoerr ignored = ERR_INIT;
	if (!thread_start(&q->thread, run, q, &ignored))
		return q;
	queue_clear(q);
	return NULL;
}

static struct object *object_of(struct lfs_queue *q, const char *path, const struct lfs_pointer *p)
{
	struct object *o = map_getn(&q->objects, p->oid.sha256, sizeof(p->oid));

	if (o)
		return o;
	o = xcalloc(1, sizeof(*o));
	o->pointer = *p;
	o->path = xstrdup(path);
	map_putn(&q->objects, p->oid.sha256, sizeof(p->oid), o);
	return o;
}

/* The same path comes again when git checks out twice, of two commits. */
void lfs_queue_add(struct lfs_queue *q, const char *path, const struct lfs_pointer *p)
{
	struct entry *e;

	pthread_mutex_lock(&q->lock);
	e = map_get(&q->entries, path);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->told = true;
		map_put(&q->entries, path, e);
	}
	e->object = object_of(q, path, p);
	q->untold += e->told;
	e->told = false;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void lfs_queue_ready(struct lfs_queue *q, struct strlist *out)
{
	pthread_mutex_lock(&q->lock);
	q->hurry = true;
	pthread_cond_broadcast(&q->changed);
	while (q->untold && !out->n) {
		for (size_t i = 0; i < q->entries.n; i++) {
			struct entry *e = q->entries.v[i].value;

			if (e->told || !e->object->done)
				continue;
			e->told = true;
			q->untold--;
			strlist_add(out, q->entries.v[i].key);
		}
		if (!out->n)
			pthread_cond_wait(&q->changed, &q->lock);
	}
	pthread_mutex_unlock(&q->lock);
}

bool lfs_queue_take(struct lfs_queue *q, const char *path, struct lfs_pointer *out,
		    struct mlops_error *err)
{
	pthread_mutex_lock(&q->lock);
	const struct entry *e = map_get(&q->entries, path);
	if (e) {
		*out = e->object->pointer;
		if (e->object->err.kind)
			copy_error(err, &e->object->err);
	}
	pthread_mutex_unlock(&q->lock);
	return e;
}

void lfs_queue_free(struct lfs_queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->closing = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	queue_clear(q);
}
