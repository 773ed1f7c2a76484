/* Counting two samples into cells: a cell a value, or bins of equal width. */
#include <math.h>

#include "monitor/pair.h"

void cells_clear(struct cells *c)
{
	free(c->n[0]);
	free(c->n[1]);
	*c = (struct cells){ 0 };
}

void cells_add(struct cells *c, uint64_t n0, uint64_t n1)
{
	if (c->count == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 32;
		for (int i = 0; i < 2; i++)
			c->n[i] = xrealloc(c->n[i], c->cap * sizeof(*c->n[i]));
	}
	c->n[0][c->count] = n0;
	c->n[1][c->count] = n1;
	c->count++;
}

static void add_values(void *arg, const struct pair_group *groups, size_t n)
{
	struct cells *c = arg;

	for (size_t i = 0; i < n; i++) {
		if (c->count < PAIR_MAX_CELLS) {
			cells_add(c, groups[i].n[0], groups[i].n[1]);
			continue;
		}
		c->n[0][PAIR_MAX_CELLS - 1] += groups[i].n[0];
		c->n[1][PAIR_MAX_CELLS - 1] += groups[i].n[1];
	}
}

int pair_count_values(struct pair *p, struct cells *out, struct mlops_error *err)
{
	return pair_walk(p, add_values, out, err);
}

struct binner {
	struct cells *cells;
	double first, last, step;
	size_t bin; /* where the walk is */
};

/* numpy.linspace: the last edge is the end itself. */
static double upper_edge(const struct binner *b)
{
	size_t edge = b->bin + 1;

	return edge == b->cells->count ? b->last : b->first + (double)edge * b->step;
}

static void add_bins(void *arg, const struct pair_group *groups, size_t n)
{
	struct binner *b = arg;
	double edge = upper_edge(b);

	for (size_t i = 0; i < n; i++) {
		while (b->bin + 1 < b->cells->count && groups[i].value >= edge) {
			b->bin++;
			edge = upper_edge(b);
		}
		b->cells->n[0][b->bin] += groups[i].n[0];
		b->cells->n[1][b->bin] += groups[i].n[1];
	}
}

int pair_count_sturges(struct pair *p, const struct survey *s, uint64_t size, bool whole,
		       struct cells *out, struct mlops_error *err)
{
	struct binner b = { .cells = out, .first = s->min, .last = s->max };
	double range = s->max - s->min, width = range / (log2((double)size) + 1);
	double bins = 1;

	if (whole && width > 0 && width < 1)
		width = 1;
	if (width > 0 && isfinite(width))
		bins = ceil(range / width);
	if (!(range > 0)) {
		b.first -= 0.5;
		b.last += 0.5;
	}
	b.step = (b.last - b.first) / bins;
	for (double i = 0; i < bins; i++)
		cells_add(out, 0, 0);
	return pair_walk(p, add_bins, &b, err);
}
