/*
 * Moving many objects in batches: some at a time over the pool, or one batch after the other
 * where the order counts. The thread that started it reports the progress meanwhile.
 */
#include "base/pool.h"
#include "remote/private.h"

#define BATCH_OBJECTS 1000
#define BATCH_BYTES   ((uint64_t)4 << 20)
#define DEFAULT_JOBS  4
#define MAX_JOBS      64
#define REPORT_MS     100

struct batch {
	struct transfer *transfer;
	const struct remote_item *items;
	size_t n;
	int (*move)(struct transfer *t, const struct remote_item *items, size_t n,
		    struct mlops_error *err);
};

typedef VEC(struct batch) batch_vec;

/* Small objects share a batch; one that fills it alone has one of its own. */
static void make_batches(struct transfer *t, const struct item_list *items, uint64_t most,
			 batch_vec *out,
			 int (*move)(struct transfer *, const struct remote_item *, size_t,
				     struct mlops_error *))
{
	size_t most_objects = most > BATCH_BYTES ? REMOTE_MAX_BATCH : BATCH_OBJECTS;
	uint64_t bytes = 0;
	size_t from = 0;

	for (size_t i = 0; i < items->n; i++) {
		uint64_t size = items->v[i].size == REMOTE_SIZE_UNKNOWN ? 0 : items->v[i].size;

		if (i > from && (i - from == most_objects || size > most - bytes)) {
			vec_push(out, { t, items->v + from, i - from, move });
			from = i;
			bytes = 0;
		}
		bytes += size < most - bytes ? size : most - bytes;
	}
	if (items->n > from)
		vec_push(out, { t, items->v + from, items->n - from, move });
}

static int run_batch(void *arg, struct mlops_error *err)
{
	struct batch *b = arg;

	return b->move(b->transfer, b->items, b->n, err);
}

static void report(struct transfer *t)
{
	t->counts->objects = atomic_load(&t->done_objects);
	t->counts->bytes = atomic_load(&t->remote->moved);
	if (t->how->progress)
		t->how->progress(t->counts, t->total_objects,
				 t->total_bytes - atomic_load(&t->resumed_bytes), t->how->arg);
}

static int run_in_order(struct transfer *t, const batch_vec *batches, struct mlops_error *err)
{
	for (size_t i = 0; i < batches->n; i++) {
		if (run_batch(&batches->v[i], err))
			return -1;
		report(t);
	}
	return 0;
}

static int run_in_pool(struct transfer *t, const batch_vec *batches, struct mlops_error *err)
{
	int64_t jobs = t->how->jobs > 0 ? t->how->jobs : DEFAULT_JOBS;
	struct pool *pool;

	jobs = jobs < MAX_JOBS ? jobs : MAX_JOBS;
	jobs = (uint64_t)jobs < batches->n ? jobs : (int64_t)batches->n;
	if (pool_new((unsigned)jobs, batches->n, &pool, err))
		return -1;
	for (size_t i = 0; i < batches->n; i++)
		pool_add(pool, run_batch, &batches->v[i]);
	while (!pool_wait_for(pool, REPORT_MS))
		report(t);
	int rc = pool_wait(pool, err);
	pool_free(pool);
	return rc;
}

int transfer_run(struct transfer *t, const struct item_list *items, uint64_t bytes, bool ordered,
		 int (*move)(struct transfer *t, const struct remote_item *items, size_t n,
			     struct mlops_error *err),
		 struct mlops_error *err)
{
	batch_vec batches = { 0 };

	make_batches(t, items, bytes ? bytes : BATCH_BYTES, &batches, move);
	int rc = 0;
	if (batches.n)
		rc = ordered ? run_in_order(t, &batches, err) : run_in_pool(t, &batches, err);
	report(t);
	vec_free(&batches);
	return rc;
}
