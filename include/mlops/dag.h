/* The graph of a pipeline, to be looked at: its stages or its files, in layers. */
#pragma once

#include "mlops/pipeline.h"

struct dag_how {
	const char *rev;           /* of git (gitrevisions(7)); NULL: the work tree */
	const char *const *stages; /* and what they need; none: all */
	size_t n_stages;
	bool files; /* nodes are what stages read and write, not the stages */
};

struct dag_node {
	const char *name;
	size_t layer; /* the longest way from a node that needs nothing, in edges */
};

struct dag_edge {
	size_t from, to; /* `to` needs, or is made from, `from` */
};

struct dag {
	struct dag_node *nodes; /* each behind what it needs */
	struct dag_edge *edges; /* sorted; no two are equal */
	size_t n_nodes, n_edges;
	struct arena *arena; /* of the names */
};

enum dag_format { DAG_TEXT, DAG_DOT, DAG_MERMAID, DAG_SVG };

/* How text is drawn. */
struct dag_page {
	size_t columns; /* a drawing that would be wider becomes an indented list */
	bool utf8;      /* box drawing characters; else ASCII */
};

/* Reads the pipeline and makes its graph. Clear *out when 0. */
MLOPS_API int mlops_dag_load(struct project *project, const struct dag_how *how, struct dag *out,
			     struct mlops_error *err);
MLOPS_API void mlops_dag_clear(struct dag *dag);

/* The graph in a format, new; `page` is for DAG_TEXT and may be NULL for others. */
MLOPS_API char *mlops_dag_draw(const struct dag *dag, enum dag_format format,
			       const struct dag_page *page);
