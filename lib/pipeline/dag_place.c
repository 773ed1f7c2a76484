/*
 * Columns. In each layer places move as near as they can to the middle of what they are linked to,
 * in least squares and without changing their order; then edges get the columns where they enter.
 */
#include "pipeline/dag.h"

#define ROUNDS      3
#define BEND_WEIGHT 4 /* long edges that are straight matter more than boxes in the middle */

/* Places of one layer that have come to touch, and where their mean would have the first. */
struct block {
	double sum, weight;
	size_t n;
};

static double middle(const struct dag_layout *l, size_t place, const int64_t *left)
{
	return (double)left[place] + (double)(l->places[place].width / 2);
}

/* The left that would put a place below (above) the middle of its neighbours; where it is without. */
static double wanted_left(const struct dag_layout *l, size_t place, bool above, const int64_t *left)
{
	const size_t *range = above ? &l->up[place] : &l->down[place];
	double sum = 0;

	if (range[0] == range[1])
		return (double)left[place];
	for (size_t i = range[0]; i < range[1]; i++)
		sum += middle(l, above ? l->links[l->up_links[i]].from : l->links[i].to, left);
	return sum / (double)(range[1] - range[0]) - (double)(l->places[place].width / 2);
}

static bool overlaps(const struct block *a, const struct block *b)
{
	return a->sum * b->weight > b->sum * a->weight;
}

/*
 * Isotonic regression (pool adjacent violators): less the room that is taken before them, lefts
 * must not fall from place to place.
 */
static void settle_layer(const struct dag_layout *l, size_t layer, bool above, int64_t *left,
			 struct block *blocks)
{
	const size_t *ranks = &l->ranks[l->layers[layer]];
	size_t n = l->layers[layer + 1] - l->layers[layer], n_blocks = 0;
	int64_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		double weight = ranks[i] < l->n_nodes ? 1 : BEND_WEIGHT;
		double want = wanted_left(l, ranks[i], above, left) - (double)taken;

		blocks[n_blocks++] = (struct block){ want * weight, weight, 1 };
		for (; n_blocks > 1 && overlaps(&blocks[n_blocks - 2], &blocks[n_blocks - 1]);
		     n_blocks--) {
			struct block *a = &blocks[n_blocks - 2], *b = &blocks[n_blocks - 1];

			*a = (struct block){ a->sum + b->sum, a->weight + b->weight, a->n + b->n };
		}
		taken += (int64_t)l->places[ranks[i]].width + DAG_GAP;
	}
	taken = 0;
	for (size_t b = 0, i = 0; b < n_blocks; b++) {
		int64_t base = (int64_t)__builtin_floor(blocks[b].sum / blocks[b].weight + 0.5);

		for (size_t end = i + blocks[b].n; i < end; i++) {
			left[ranks[i]] = base + taken;
			taken += (int64_t)l->places[ranks[i]].width + DAG_GAP;
		}
	}
}

static void pack_layers(const struct dag_layout *l, int64_t *left)
{
	for (size_t k = 0; k < l->n_layers; k++) {
		int64_t at = 0;

		for (size_t i = l->layers[k]; i < l->layers[k + 1]; i++) {
			left[l->ranks[i]] = at;
			at += (int64_t)l->places[l->ranks[i]].width + DAG_GAP;
		}
	}
}

static void set_columns(struct dag_layout *l, const int64_t *left)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < l->n_places; i++)
		least = left[i] < least ? left[i] : least;
	for (size_t i = 0; i < l->n_places; i++) {
		struct dag_place *p = &l->places[i];

		p->left = (size_t)(left[i] - least);
		p->out = p->left + p->width / 2;
		l->width = p->left + p->width > l->width ? p->left + p->width : l->width;
	}
	for (size_t i = 0; i < l->n_links; i++)
		l->links[i].in = l->places[l->links[i].to].out;
}

/* What entering one layer shares. */
struct entry {
	struct dag_layout *l;
	size_t *leaving; /* of each column: 1 + the place above whose edges leave in it, or 0 */
};

static bool is_free(const struct entry *e, size_t from, size_t column)
{
	return !e->leaving[column] || e->leaving[column] == from + 1;
}

/* The column in [first, last] nearest to `wanted` in which no other edge leaves the layer above. */
static size_t nearest_free(const struct entry *e, size_t from, size_t first, size_t last,
			   size_t wanted)
{
	wanted = wanted < first ? first : wanted > last ? last : wanted;
	for (size_t d = 0; d <= last - first; d++) {
		if (wanted >= first + d && is_free(e, from, wanted - d))
			return wanted - d;
		if (wanted + d <= last && is_free(e, from, wanted + d))
			return wanted + d;
	}
	return first;
}

/*
 * Edges enter from left to right as they come. Edges leave a layer two columns apart or more, so
 * that of two columns one is free, and each edge that is still to come is left two.
 */
static void enter(struct entry *e, size_t place)
{
	struct dag_layout *l = e->l;
	struct dag_place *p = &l->places[place];
	bool is_node = place < l->n_nodes;
	size_t first = p->left + is_node, end = p->left + p->width - is_node, n_in = end - first;
	size_t n = l->up[place + 1] - l->up[place], at = first;

	for (size_t i = 0; i < n; i++) {
		struct dag_link *link = &l->links[l->up_links[l->up[place] + i]];
		size_t wanted = l->places[link->from].out, last = end - 1 - 2 * (n - 1 - i);

		if (wanted < first || wanted >= end)
			wanted = first + n_in * (2 * i + 1) / (2 * n);
		link->in = nearest_free(e, link->from, at, last, wanted);
		at = link->in + 1;
	}
	if (!is_node)
		p->out = l->links[l->up_links[l->up[place]]].in;
}

/* The links to each place, from left to right. */
static void sort_up_links(struct dag_layout *l, size_t place)
{
	size_t *links = &l->up_links[l->up[place]];
	size_t n = l->up[place + 1] - l->up[place];

	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k; k--) {
			size_t a = links[k - 1], b = links[k];

			if (l->places[l->links[a].from].rank <= l->places[l->links[b].from].rank)
				break;
			links[k - 1] = b;
			links[k] = a;
		}
}

static void set_ports(struct dag_layout *l)
{
	struct entry e = { l, xcalloc(l->width + 1, sizeof(*e.leaving)) };

	for (size_t k = 1; k < l->n_layers; k++) {
		memset(e.leaving, 0, (l->width + 1) * sizeof(*e.leaving));
		for (size_t i = l->layers[k - 1]; i < l->layers[k]; i++)
			if (l->down[l->ranks[i]] < l->down[l->ranks[i] + 1])
				e.leaving[l->places[l->ranks[i]].out] = l->ranks[i] + 1;
		for (size_t i = l->layers[k]; i < l->layers[k + 1]; i++) {
			sort_up_links(l, l->ranks[i]);
			enter(&e, l->ranks[i]);
		}
	}
	free(e.leaving);
}

void dag_place(struct dag_layout *l, struct dag_style style)
{
	autofree int64_t *left = xcalloc(l->n_places + 1, sizeof(*left));
	autofree struct block *blocks = xcalloc(l->n_places + 1, sizeof(*blocks));

	pack_layers(l, left);
	for (int round = 0; round < 2 * ROUNDS + 1; round++) {
		bool down = round % 2;

		for (size_t k = 0; k < l->n_layers; k++)
			settle_layer(l, down ? k : l->n_layers - 1 - k, down, left, blocks);
	}
	set_columns(l, left);
	if (style.ports)
		set_ports(l);
}
