/*
 * A graph laid out, before it is drawn. All is measured in the columns of a terminal, which an SVG
 * multiplies. The steps are those of Sugiyama, Tagawa and Toda (1981): layers, bends for edges that
 * span several, an order that crosses few edges, and then places.
 */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "mlops/dag.h"

#define DAG_GAP        1 /* between two places */
#define DAG_BEND_WIDTH 3
#define DAG_BENDS_MAX  50000

/* A node, or a bend: where edges pass through a layer. */
struct dag_place {
	size_t layer;
	size_t rank;  /* in its layer, from the left */
	size_t width; /* columns */
	size_t left;  /* column */
	size_t out;   /* the column in which its edges leave, and enter a bend */
};

/* From a place to one further down, in the next layer if there are bends. */
struct dag_link {
	size_t from, to;
	size_t in; /* the column in which it enters `to` */
};

struct dag_layout {
	struct dag_place *places; /* the graph's nodes, then the bends */
	size_t n_nodes, n_places;
	struct dag_link *links; /* sorted by from */
	size_t n_links;
	size_t *down;          /* the links of place i: down[i] .. down[i + 1] */
	size_t *up, *up_links; /* indexes of the links to place i: up_links[up[i] .. up[i + 1]] */
	size_t *ranks;         /* places, layer after layer, from the left */
	size_t *layers;        /* where each begins in ranks, and the end of the last */
	size_t n_layers;
	size_t width;
};

struct dag_style {
	bool bends; /* else edges go straight, across whatever lies between */
	bool ports; /* each edge enters a node in a column of its own that no other edge passes */
};

/* Bends that the graph needs, and the columns of its widest layer with them, at least. */
struct dag_size {
	size_t bends, columns;
};
void dag_measure(const struct dag *dag, struct dag_size *out);

void dag_lay_out(const struct dag *dag, struct dag_style style, struct dag_layout *out);
void dag_layout_clear(struct dag_layout *l);

/* Its last steps: the order in each layer, and then the columns. */
void dag_order(struct dag_layout *l);
void dag_place(struct dag_layout *l, struct dag_style style);

/* Each appends the graph in one format. */
void dag_text(const struct dag *dag, const struct dag_page *page, struct strbuf *out);
void dag_dot(const struct dag *dag, struct strbuf *out);
void dag_mermaid(const struct dag *dag, struct strbuf *out);
void dag_svg(const struct dag *dag, struct strbuf *out);
