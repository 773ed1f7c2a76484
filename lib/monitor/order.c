/* One run is sorted in place and handed out whole; more go back to the file and through a heap. */
#include "monitor/order.h"

#include "monitor/radix.h"

#define MERGED 8192 /* values handed out at once by a merge */

struct run {
	uint64_t at;   /* of its first value in the file */
	size_t n;      /* values in it */
	size_t done;   /* read into the buffer so far */
	double *buf;   /* a part of the run */
	size_t i, len; /* in buf: the smallest not yet out, and the end */
};

struct order {
	struct spill *spill;
	double *values; /* the only run, or what a merge hands out */
	size_t n;
	bool out; /* the only run was handed out */
	VEC(struct run) runs;
	double *buffers;
	size_t buffer; /* values of each run's buffer */
	size_t *heap;  /* runs, the one with the smallest value on top */
	size_t n_heap;
};

static int sort_part(struct spill *s, struct spill_column *c, uint64_t first, size_t n, double *v,
		     double *scratch, struct mlops_error *err)
{
	if (spill_read(s, c, first, n, v, err))
		return -1;
	radix_sort(v, scratch, n);
	return 0;
}

static int sort_runs(struct order *o, struct spill_column *c, double *scratch, struct mlops_error *err)
{
	uint64_t at;

	for (uint64_t first = 0; first < c->n; first += ORDER_RUN) {
		size_t n = c->n - first < ORDER_RUN ? (size_t)(c->n - first) : ORDER_RUN;

		if (sort_part(o->spill, c, first, n, o->values, scratch, err) ||
		    spill_write(o->spill, o->values, n, &at, err))
			return -1;
		vec_push(&o->runs, { .at = at, .n = n });
	}
	return 0;
}

/* The buffers together take as much as one run: with very many runs each is small. */
static void make_buffers(struct order *o)
{
	o->buffer = ORDER_RUN / o->runs.n;
	if (o->buffer > SPILL_BLOCK)
		o->buffer = SPILL_BLOCK;
	if (!o->buffer)
		o->buffer = 1;
	o->buffers = xmalloc(o->runs.n * o->buffer * sizeof(*o->buffers));
	for (size_t i = 0; i < o->runs.n; i++)
		o->runs.v[i].buf = o->buffers + i * o->buffer;
	o->heap = xmalloc(o->runs.n * sizeof(*o->heap));
}

int order_open(struct spill *s, struct spill_column *c, struct order **out, struct mlops_error *err)
{
	size_t n = c->n < ORDER_RUN ? (size_t)c->n : ORDER_RUN;
	autofree double *scratch = xmalloc((n ? n : 1) * sizeof(*scratch));
	autoorder *o = xcalloc(1, sizeof(*o));

	o->spill = s;
	o->n = n;
	o->values = xmalloc((n ? n : 1) * sizeof(*o->values));
	if (c->n <= ORDER_RUN) {
		if (sort_part(s, c, 0, n, o->values, scratch, err))
			return -1;
	} else {
		if (sort_runs(o, c, scratch, err))
			return -1;
		make_buffers(o);
		o->values = xrealloc(o->values, MERGED * sizeof(*o->values));
		if (order_rewind(o, err))
			return -1;
	}
	spill_column_clear(c);
	*out = steal_ptr(&o);
	return 0;
}

/* The next part of the run into its buffer; an empty one when it is done. */
static int refill(struct order *o, struct run *r, struct mlops_error *err)
{
	size_t left = r->n - r->done;

	r->i = 0;
	r->len = left < o->buffer ? left : o->buffer;
	if (r->len && spill_read_at(o->spill, r->at + r->done * sizeof(double), r->len, r->buf, err))
		return -1;
	r->done += r->len;
	return 0;
}

static double head(const struct order *o, size_t at)
{
	const struct run *r = &o->runs.v[o->heap[at]];

	return r->buf[r->i];
}

static void sift_down(struct order *o, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1, run = o->heap[at];

		if (child >= o->n_heap)
			return;
		if (child + 1 < o->n_heap && head(o, child + 1) < head(o, child))
			child++;
		if (head(o, at) <= head(o, child))
			return;
		o->heap[at] = o->heap[child];
		o->heap[child] = run;
		at = child;
	}
}

int order_rewind(struct order *o, struct mlops_error *err)
{
	o->out = false;
	o->n_heap = 0;
	for (size_t i = 0; i < o->runs.n; i++) {
		o->runs.v[i].done = 0;
		if (refill(o, &o->runs.v[i], err))
			return -1;
		o->heap[o->n_heap++] = i;
	}
	for (size_t i = o->n_heap; i--;)
		sift_down(o, i);
	return 0;
}

static int merge(struct order *o, size_t *n, struct mlops_error *err)
{
	for (*n = 0; *n < MERGED && o->n_heap; ++*n) {
		struct run *r = &o->runs.v[o->heap[0]];

		o->values[*n] = r->buf[r->i++];
		if (r->i == r->len && refill(o, r, err))
			return -1;
		if (!r->len)
			o->heap[0] = o->heap[--o->n_heap];
		sift_down(o, 0);
	}
	return 0;
}

int order_next(struct order *o, const double **v, size_t *n, struct mlops_error *err)
{
	*v = o->values;
	if (o->runs.n)
		return merge(o, n, err);
	*n = o->out ? 0 : o->n;
	o->out = true;
	return 0;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	free(o->values);
	vec_free(&o->runs);
	free(o->buffers);
	free(o->heap);
	free(o);
}
