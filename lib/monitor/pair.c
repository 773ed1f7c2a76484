/* The walk over two sorted samples. */
#include "monitor/pair.h"

#define GROUPS 512 /* handed to a visitor at once */

struct cursor {
	struct order *order;
	const double *v;
	size_t i, n;
	bool done;
};

static int refill(struct cursor *c, struct mlops_error *err)
{
	c->i = 0;
	if (order_next(c->order, &c->v, &c->n, err))
		return -1;
	c->done = !c->n;
	return 0;
}

/* Counts the values equal to z at the cursor and steps over them. */
static inline int take(struct cursor *c, double z, uint64_t *n, struct mlops_error *err)
{
	*n = 0;
	while (!c->done) {
		for (; c->i < c->n && c->v[c->i] == z; c->i++)
			++*n;
		if (c->i < c->n)
			return 0;
		if (refill(c, err))
			return -1;
	}
	return 0;
}

static int walk_orders(struct pair *p, pair_visit *visit, void *arg, struct mlops_error *err)
{
	struct cursor a = { .order = p->side[0] }, b = { .order = p->side[1] };
	struct pair_group groups[GROUPS];
	size_t n = 0;

	if (order_rewind(a.order, err) || order_rewind(b.order, err) || refill(&a, err) || refill(&b, err))
		return -1;
	while (!a.done || !b.done) {
		struct pair_group *g = &groups[n++];

		g->value = b.done || (!a.done && a.v[a.i] < b.v[b.i]) ? a.v[a.i] : b.v[b.i];
		if (take(&a, g->value, &g->n[0], err) || take(&b, g->value, &g->n[1], err))
			return -1;
		if (n == GROUPS) {
			visit(arg, groups, n);
			n = 0;
		}
	}
	if (n)
		visit(arg, groups, n);
	return 0;
}

int pair_walk(struct pair *p, pair_visit *visit, void *arg, struct mlops_error *err)
{
	if (!p->groups)
		return walk_orders(p, visit, arg, err);
	visit(arg, p->groups, p->n_groups);
	return 0;
}
