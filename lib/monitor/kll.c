/*
 * A level that is full is sorted, and every other value of it, odd or even by a coin, goes up one
 * level at twice the weight. Capacities shrink by 2/3 a level downwards.
 */
#include "monitor/kll.h"

#include <math.h>

#include "monitor/radix.h"

#define LEAST 64 /* values of a level at least */

static size_t capacity(const struct kll *s, size_t level)
{
	size_t cap = KLL_K;

	for (size_t i = level + 1; i < s->n_levels && cap > LEAST; i++)
		cap = (cap * 2 + 2) / 3;
	return cap > LEAST ? cap : LEAST;
}

/* The same for the same data, and another for other data: sketches that are merged must not err alike. */
static bool coin(struct kll *s, double salt)
{
	uint64_t z;

	memcpy(&z, &salt, sizeof(z));
	s->random += 0x9e3779b97f4a7c15; /* G. Steele et al. (2014), SplitMix; one bit of it */
	z ^= s->random;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	return z >> 63;
}

static void put(struct kll_level *level, const double *v, size_t n)
{
	size_t want = level->n + n;

	if (want > level->cap) {
		level->cap = want > 2 * level->cap ? want : 2 * level->cap;
		level->v = xrealloc(level->v, level->cap * sizeof(*level->v));
	}
	memcpy(level->v + level->n, v, n * sizeof(*v));
	level->n = want;
}

static void compact(struct kll *s, size_t at)
{
	struct kll_level *level = &s->levels[at];
	size_t kept = level->n % 2, half = level->n / 2, start = coin(s, level->v[0]);
	autofree double *scratch = xmalloc(level->n * sizeof(*scratch));

	if (at + 1 == s->n_levels)
		s->n_levels++;
	/* an odd value out stays, so that the weights add up; the last one added is as good as any */
	radix_sort(level->v, scratch, level->n - kept);
	for (size_t i = 0; i < half; i++)
		scratch[i] = level->v[2 * i + start];
	put(&s->levels[at + 1], scratch, half);
	if (kept)
		level->v[0] = level->v[level->n - 1];
	level->n = kept;
}

/* Until every level is within its capacity, from the bottom up. */
static void compress(struct kll *s)
{
	for (size_t i = 0; i < s->n_levels; i++)
		if (s->levels[i].n >= capacity(s, i) && i + 1 < KLL_LEVELS)
			compact(s, i);
}

void kll_add(struct kll *s, const double *v, size_t n)
{
	if (!n)
		return;
	if (!s->n_levels)
		s->n_levels = 1;
	s->n += n;
	while (n) {
		size_t cap = capacity(s, 0), room = cap > s->levels[0].n ? cap - s->levels[0].n : 0;
		size_t part = n < room ? n : room;

		put(&s->levels[0], v, part);
		v += part;
		n -= part;
		if (s->levels[0].n >= cap)
			compress(s);
	}
}

void kll_merge(struct kll *s, const struct kll *other)
{
	if (other->n_levels > s->n_levels)
		s->n_levels = other->n_levels;
	for (size_t i = 0; i < other->n_levels; i++)
		if (other->levels[i].n)
			put(&s->levels[i], other->levels[i].v, other->levels[i].n);
	s->n += other->n;
	compress(s);
}

void kll_clear(struct kll *s)
{
	for (size_t i = 0; i < KLL_LEVELS; i++)
		free(s->levels[i].v);
	*s = (struct kll){ 0 };
}

static int by_value(const void *a, const void *b)
{
	double x = ((const struct pair_group *)a)->value, y = ((const struct pair_group *)b)->value;

	return (x > y) - (x < y);
}

struct pair_group *kll_values(const struct kll *s, size_t *n)
{
	size_t total = 0, to = 0;

	for (size_t i = 0; i < s->n_levels; i++)
		total += s->levels[i].n;
	struct pair_group *values = xmalloc((total + 1) * sizeof(*values));
	for (size_t i = 0; i < s->n_levels; i++)
		for (size_t k = 0; k < s->levels[i].n; k++)
			values[to++] = (struct pair_group){ s->levels[i].v[k], { (uint64_t)1 << i, 0 } };
	if (total > 1)
		qsort(values, total, sizeof(*values), by_value);
	*n = total;
	return values;
}

double kll_quantile(const struct pair_group *values, size_t n, double q)
{
	uint64_t total = 0, seen = 0;

	for (size_t i = 0; i < n; i++)
		total += values[i].n[0];
	for (size_t i = 0; i < n; i++) {
		seen += values[i].n[0];
		if ((double)seen >= q * (double)total)
			return values[i].value;
	}
	return n ? values[n - 1].value : NAN;
}
