/*
 * The order in each layer: places are sorted by the mean of their neighbours' ranks, the layer above
 * first and then the one below, a few times; of all orders seen the one that crosses fewest wins.
 */
#include "pipeline/dag.h"

#define SWEEPS 8

struct keyed {
	double key;
	size_t place, rank;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The mean rank of what a place is linked to above or below; its own without any. */
static double mean_rank(const struct dag_layout *l, size_t place, bool above)
{
	const size_t *range = above ? &l->up[place] : &l->down[place];
	double sum = 0;

	if (range[0] == range[1])
		return (double)l->places[place].rank;
	for (size_t i = range[0]; i < range[1]; i++) {
		size_t other = above ? l->links[l->up_links[i]].from : l->links[i].to;

		sum += (double)l->places[other].rank;
	}
	return sum / (double)(range[1] - range[0]);
}

static void sort_layer(struct dag_layout *l, size_t layer, bool above, struct keyed *keys)
{
	size_t *ranks = &l->ranks[l->layers[layer]];
	size_t n = l->layers[layer + 1] - l->layers[layer];

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct keyed){ mean_rank(l, ranks[i], above), ranks[i], i };
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++) {
		ranks[i] = keys[i].place;
		l->places[ranks[i]].rank = i;
	}
}

/* Counts of ranks seen, in a tree of sums (Fenwick 1994). */
struct tree {
	size_t *sums; /* [1 .. n] */
	size_t n;     /* ranks of the widest layer */
};

/* How many of those seen lie further right. */
static size_t count_right_of(const struct tree *tree, size_t rank, size_t seen)
{
	for (size_t i = rank + 1; i; i &= i - 1)
		seen -= tree->sums[i];
	return seen;
}

static void add_rank(struct tree *tree, size_t rank)
{
	for (size_t i = rank + 1; i <= tree->n; i += i & -i)
		tree->sums[i]++;
}

static size_t count_crossings(const struct dag_layout *l, size_t layer, struct tree *tree)
{
	size_t crossings = 0, seen = 0;

	memset(tree->sums, 0, (tree->n + 1) * sizeof(*tree->sums));
	for (size_t i = l->layers[layer]; i < l->layers[layer + 1]; i++) {
		size_t place = l->ranks[i];

		for (size_t k = l->down[place]; k < l->down[place + 1]; k++)
			crossings += count_right_of(tree, l->places[l->links[k].to].rank, seen);
		for (size_t k = l->down[place]; k < l->down[place + 1]; k++, seen++)
			add_rank(tree, l->places[l->links[k].to].rank);
	}
	return crossings;
}

static size_t count_all(const struct dag_layout *l, struct tree *tree)
{
	size_t crossings = 0;

	for (size_t k = 0; k < l->n_layers; k++)
		crossings += count_crossings(l, k, tree);
	return crossings;
}

static size_t widest_layer(const struct dag_layout *l)
{
	size_t widest = 0;

	for (size_t k = 0; k < l->n_layers; k++) {
		size_t n = l->layers[k + 1] - l->layers[k];

		widest = n > widest ? n : widest;
	}
	return widest;
}

static void sweep(struct dag_layout *l, bool down, struct keyed *keys)
{
	for (size_t k = 1; k < l->n_layers; k++)
		sort_layer(l, down ? k : l->n_layers - 1 - k, down, keys);
}

void dag_order(struct dag_layout *l)
{
	size_t bytes = l->n_places * sizeof(*l->ranks);
	autofree struct keyed *keys = xcalloc(l->n_places + 1, sizeof(*keys));
	struct tree tree = { .n = widest_layer(l) };
	autofree size_t *sums = tree.sums = xcalloc(tree.n + 1, sizeof(*sums));
	autofree size_t *best = xcalloc(l->n_places + 1, sizeof(*best));
	size_t fewest = SIZE_MAX;

	for (int i = 0; i <= SWEEPS && fewest; i++) {
		if (i)
			sweep(l, i % 2, keys);
		size_t crossings = count_all(l, &tree);

		if (crossings < fewest) {
			fewest = crossings;
			memcpy(best, l->ranks, bytes);
		}
	}
	memcpy(l->ranks, best, bytes);
	for (size_t k = 0; k < l->n_layers; k++)
		for (size_t i = l->layers[k]; i < l->layers[k + 1]; i++)
			l->places[l->ranks[i]].rank = i - l->layers[k];
}
