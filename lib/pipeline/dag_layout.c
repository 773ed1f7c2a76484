/*
 * Places and links of a graph. All edges of a node share one line of bends down to the last layer
 * that needs it, so that there is at most one bend a node and layer.
 */
#include "pipeline/dag.h"

#include "base/glyph.h"

#define BORDER 4 /* of a box, with its padding */

/* Where the edges of node `from` end in the list; `i` is where they begin. */
static size_t edges_end(const struct dag *dag, size_t i)
{
	size_t from = dag->edges[i].from;

	while (i < dag->n_edges && dag->edges[i].from == from)
		i++;
	return i;
}

/* The last layer that the edges [i, end) of one node reach. */
static size_t last_layer(const struct dag *dag, size_t i, size_t end)
{
	size_t last = 0;

	for (; i < end; i++) {
		size_t layer = dag->nodes[dag->edges[i].to].layer;

		last = layer > last ? layer : last;
	}
	return last;
}

static size_t *count_inputs(const struct dag *dag)
{
	size_t *inputs = xcalloc(dag->n_nodes + 1, sizeof(*inputs));

	for (size_t i = 0; i < dag->n_edges; i++)
		inputs[dag->edges[i].to]++;
	return inputs;
}

/* For its ports a box needs twice its inputs and one: see dag_place(). */
static size_t box_width(const struct dag_node *node, size_t inputs)
{
	size_t label = glyph_columns(node->name) + BORDER, ports = 2 * inputs + 3;

	return label > ports ? label : ports;
}

static size_t count_layers(const struct dag *dag)
{
	size_t n = 0;

	for (size_t i = 0; i < dag->n_nodes; i++)
		n = dag->nodes[i].layer + 1 > n ? dag->nodes[i].layer + 1 : n;
	return n;
}

void dag_measure(const struct dag *dag, struct dag_size *out)
{
	size_t n_layers = count_layers(dag), width = 0;
	autofree size_t *inputs = count_inputs(dag);
	autofree size_t *columns = xcalloc(n_layers + 1, sizeof(*columns));
	autofree size_t *begin =
		xcalloc(n_layers + 2, sizeof(*begin)); /* bends that start, end there */
	autofree size_t *end = xcalloc(n_layers + 2, sizeof(*end));

	*out = (struct dag_size){ 0 };
	for (size_t i = 0; i < dag->n_nodes; i++)
		columns[dag->nodes[i].layer] += box_width(&dag->nodes[i], inputs[i]) + DAG_GAP;
	for (size_t i = 0, next; i < dag->n_edges; i = next) {
		next = edges_end(dag, i);
		begin[dag->nodes[dag->edges[i].from].layer + 1]++;
		end[last_layer(dag, i, next)]++;
	}
	for (size_t k = 0, open = 0; k < n_layers; k++) {
		open += begin[k] - end[k];
		out->bends += open;
		width = columns[k] + open * (DAG_BEND_WIDTH + DAG_GAP);
		out->columns = width > out->columns ? width : out->columns;
	}
	out->columns -= out->columns ? DAG_GAP : 0;
}

/* What building the places and links shares. */
struct builder {
	const struct dag *dag;
	VEC(struct dag_place) places;
	VEC(struct dag_link) links;
	size_t *sources; /* of each place: the node whose edges these are */
};

/* The edges [i, end) of one node, through its bends. */
static void link_node(struct builder *b, size_t i, size_t end, bool bends)
{
	const struct dag_edge *edges = b->dag->edges;
	size_t from = edges[i].from, first = b->places.n;
	size_t layer = b->dag->nodes[from].layer + 1, last = last_layer(b->dag, i, end);

	for (size_t k = layer; bends && k < last; k++) {
		size_t before = k == layer ? from : b->places.n - 1;

		vec_push(&b->links, { before, b->places.n, 0 });
		vec_push(&b->places, { .layer = k, .width = DAG_BEND_WIDTH, .rank = from });
	}
	for (; i < end; i++) {
		size_t to = b->dag->nodes[edges[i].to].layer;
		size_t above = !bends || to == layer ? from : first + (to - layer - 1);

		vec_push(&b->links, { above, edges[i].to, 0 });
	}
}

static int by_from(const void *a, const void *b)
{
	const struct dag_link *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Sums up counts, so that count[i] becomes where i's begin and count[n] is the end. */
static void to_starts(size_t *count, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i <= n; i++) {
		size_t own = count[i];

		count[i] = sum;
		sum += own;
	}
}

static void index_links(struct dag_layout *l)
{
	autofree size_t *filled = xcalloc(l->n_places + 1, sizeof(*filled));

	l->down = xcalloc(l->n_places + 1, sizeof(*l->down));
	l->up = xcalloc(l->n_places + 1, sizeof(*l->up));
	l->up_links = xcalloc(l->n_links + 1, sizeof(*l->up_links));
	for (size_t i = 0; i < l->n_links; i++) {
		l->down[l->links[i].from]++;
		l->up[l->links[i].to]++;
	}
	to_starts(l->down, l->n_places);
	to_starts(l->up, l->n_places);
	for (size_t i = 0; i < l->n_links; i++) {
		size_t to = l->links[i].to;

		l->up_links[l->up[to] + filled[to]++] = i;
	}
}

/* The first order in a layer is that of nodes, bends beside those whose edges they are. */
static void index_layers(struct dag_layout *l)
{
	autofree size_t *filled = xcalloc(l->n_layers + 1, sizeof(*filled));

	l->layers = xcalloc(l->n_layers + 1, sizeof(*l->layers));
	l->ranks = xcalloc(l->n_places + 1, sizeof(*l->ranks));
	for (size_t i = 0; i < l->n_places; i++)
		l->layers[l->places[i].layer]++;
	to_starts(l->layers, l->n_layers);
	for (size_t node = 0, bend = l->n_nodes; node < l->n_nodes; node++) {
		size_t i = node;

		while (i != l->n_places) {
			size_t layer = l->places[i].layer;
			bool is_mine;

			l->ranks[l->layers[layer] + filled[layer]] = i;
			l->places[i].rank = filled[layer]++;
			is_mine = bend < l->n_places && l->places[bend].rank == node;
			i = is_mine ? bend++ : l->n_places;
		}
	}
}

void dag_lay_out(const struct dag *dag, struct dag_style style, struct dag_layout *out)
{
	autofree size_t *inputs = count_inputs(dag);
	struct builder b = { .dag = dag };

	for (size_t i = 0; i < dag->n_nodes; i++)
		vec_push(&b.places,
			 { .layer = dag->nodes[i].layer,
			   .width = box_width(&dag->nodes[i], style.ports ? inputs[i] : 0) });
	for (size_t i = 0, end; i < dag->n_edges; i = end) {
		end = edges_end(dag, i);
		link_node(&b, i, end, style.bends);
	}
	vec_sort(&b.links, by_from);
	*out = (struct dag_layout){ .places = b.places.v,
				    .n_nodes = dag->n_nodes,
				    .n_places = b.places.n,
				    .links = b.links.v,
				    .n_links = b.links.n,
				    .n_layers = count_layers(dag) };
	index_links(out);
	index_layers(out);
	dag_order(out);
	dag_place(out, style);
}

void dag_layout_clear(struct dag_layout *l)
{
	free(l->places);
	free(l->links);
	free(l->down);
	free(l->up);
	free(l->up_links);
	free(l->ranks);
	free(l->layers);
	*l = (struct dag_layout){ 0 };
}
