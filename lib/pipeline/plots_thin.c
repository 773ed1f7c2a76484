/*
 * Thinning in one pass and bounded memory: when all buckets are full, each two become one, and from
 * then on a bucket takes twice as many points.
 */
#include <math.h>

#include "pipeline/plots.h"

#define BUCKETS ((PLOT_POINTS_MAX - 2) / 2)

/* Whether b goes beyond a; nothing is there in a point that is not a number. */
static bool is_lower(const struct plot_point *b, const struct plot_point *a)
{
	return b->y < a->y || (isnan(a->y) && !isnan(b->y));
}

static bool is_higher(const struct plot_point *b, const struct plot_point *a)
{
	return b->y > a->y || (isnan(a->y) && !isnan(b->y));
}

/* b is of later points. */
static void merge(struct thin_bucket *a, const struct thin_bucket *b)
{
	bool low = is_lower(&b->low, &a->low), high = is_higher(&b->high, &a->high);

	if (low)
		a->low = b->low;
	if (high)
		a->high = b->high;
	if (low && high)
		a->high_first = b->high_first;
	else if (low || high)
		a->high_first = low;
}

static void halve(struct thin *t)
{
	for (size_t i = 0; i < t->n / 2; i++) {
		t->v[i] = t->v[2 * i];
		merge(&t->v[i], &t->v[2 * i + 1]);
	}
	t->n /= 2;
	t->stride *= 2;
	t->in_last = t->stride;
}

void thin_add(struct thin *t, double x, double y)
{
	const struct plot_point p = { x, y, 0 };
	const struct thin_bucket one = { p, p, false };

	if (!t->rows) {
		t->v = xcalloc(BUCKETS, sizeof(*t->v));
		t->stride = t->in_last = 1;
		t->first = p;
	}
	if (t->in_last == t->stride && t->n == BUCKETS)
		halve(t);
	t->rows++;
	if (t->n && t->in_last < t->stride) {
		merge(&t->v[t->n - 1], &one);
		t->in_last++;
	} else {
		t->v[t->n++] = one;
		t->in_last = 1;
	}
	t->last = p;
}

static bool is_equal(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void push(struct plot_series *out, const struct plot_point *p)
{
	const struct plot_point *last = out->n ? &out->v[out->n - 1] : NULL;

	if (!last || !is_equal(last->x, p->x) || !is_equal(last->y, p->y))
		out->v[out->n++] = *p;
}

void thin_finish(struct thin *t, struct plot_series *out)
{
	out->v = xcalloc(2 * t->n + 2, sizeof(*out->v));
	out->rows = t->rows;
	if (t->rows)
		push(out, &t->first);
	for (size_t i = 0; i < t->n; i++) {
		const struct thin_bucket *b = &t->v[i];

		push(out, b->high_first ? &b->high : &b->low);
		push(out, b->high_first ? &b->low : &b->high);
	}
	if (t->rows)
		push(out, &t->last);
	free(t->v);
	*t = (struct thin){ 0 };
}
