/* Making the graph that is shown out of a pipeline's stages, or of its files. */
#include "pipeline/dag.h"

#include "base/glob.h"
#include "base/map.h"
#include "base/path.h"
#include "pipeline/select.h"
#include "pipeline/snapshot.h"

#define EDGES_MAX 1000000 /* each input of a stage leads to each output: their product */

struct maker {
	const struct pipeline *p;
	const bool *wanted; /* a flag a stage */
	struct arena *arena;
	VEC(struct dag_node) nodes;
	VEC(struct dag_edge) edges;
	struct map files;   /* path -> its node */
	VEC(size_t) inputs; /* nodes that a stage reads */
	struct mlops_error *err;
};

static size_t add_node(struct maker *m, const char *name)
{
	vec_push(&m->nodes, { .name = arena_strdup(m->arena, name) });
	return m->nodes.n - 1;
}

static void add_stages(struct maker *m)
{
	autofree size_t *node = xcalloc(m->p->stages.n + 1, sizeof(*node));

	for (size_t k = 0; k < m->p->stages.n; k++) {
		size_t i = m->p->order[k];
		const struct spec_stage *stage = &m->p->stages.v[i];

		if (!m->wanted[i])
			continue;
		node[i] = add_node(m, stage->name);
		for (size_t j = 0; j < stage->needs.n; j++)
			vec_push(&m->edges, { node[stage->needs.v[j]], node[i] });
	}
}

/* The map holds a node's index + 1, as it can't hold 0. */
static size_t file_node(struct maker *m, const char *path)
{
	size_t found = (size_t)(uintptr_t)map_get(&m->files, path);

	if (found)
		return found - 1;
	size_t node = add_node(m, path);
	map_put(&m->files, path, (void *)(uintptr_t)(node + 1));
	return node;
}

static bool reads(const struct spec_dep *dep, const char *out)
{
	return path_is_below(dep->path, out) || path_is_below(out, dep->path) ||
	       (dep->is_pattern && glob_match_path(dep->path, out));
}

/* A file of another stage is the output that it is, lies in or holds; others are as named. */
static void add_inputs(struct maker *m, const struct spec_stage *stage, const struct spec_dep *dep)
{
	for (size_t i = 0; dep->made && i < stage->needs.n; i++) {
		const struct spec_stage *need = &m->p->stages.v[stage->needs.v[i]];

		for (size_t k = 0; k < need->outs.n; k++)
			if (reads(dep, need->outs.v[k].path))
				vec_push(&m->inputs, file_node(m, need->outs.v[k].path));
	}
	if (!dep->made)
		vec_push(&m->inputs, file_node(m, dep->path));
}

static int add_files_of(struct maker *m, const struct spec_stage *stage)
{
	m->inputs.n = 0;
	for (size_t i = 0; i < stage->deps.n; i++)
		add_inputs(m, stage, &stage->deps.v[i]);
	for (size_t i = 0; i < stage->params.n; i++) {
		const struct spec_dep file = { .path = stage->params.v[i].file, .made = true };

		if (stage->params.v[i].made)
			add_inputs(m, stage, &file);
	}
	for (size_t i = 0; i < stage->outs.n; i++) {
		size_t out = file_node(m, stage->outs.v[i].path);

		if (m->edges.n + m->inputs.n > EDGES_MAX)
			return err_set(m->err, MLOPS_EINVALID,
				       "the graph of files has more than %d edges", EDGES_MAX);
		for (size_t k = 0; k < m->inputs.n; k++)
			vec_push(&m->edges, { m->inputs.v[k], out });
	}
	return 0;
}

static int add_files(struct maker *m)
{
	for (size_t k = 0; k < m->p->stages.n; k++)
		if (m->wanted[m->p->order[k]] && add_files_of(m, &m->p->stages.v[m->p->order[k]]))
			return -1;
	return 0;
}

static int by_ends(const void *a, const void *b)
{
	const struct dag_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Sorts the edges, drops doubles, and finds layers: a node stands behind those that it needs. */
static void finish(struct maker *m)
{
	size_t kept = 0;

	vec_sort(&m->edges, by_ends);
	for (size_t i = 0; i < m->edges.n; i++)
		if (!i || by_ends(&m->edges.v[i - 1], &m->edges.v[i]))
			m->edges.v[kept++] = m->edges.v[i];
	m->edges.n = kept;
	for (size_t i = 0; i < m->edges.n; i++) {
		size_t layer = m->nodes.v[m->edges.v[i].from].layer + 1;
		struct dag_node *to = &m->nodes.v[m->edges.v[i].to];

		to->layer = layer > to->layer ? layer : to->layer;
	}
}

static int make(const struct pipeline *p, const struct dag_how *how, struct dag *out,
		struct mlops_error *err)
{
	const struct run_how choice = { .targets = how->stages, .n_targets = how->n_stages };
	autofree bool *wanted = xcalloc(p->stages.n + 1, sizeof(*wanted));
	struct maker m = { .p = p, .wanted = wanted, .err = err };

	if (select_stages(p, &choice, wanted, err))
		return -1;
	m.arena = xcalloc(1, sizeof(*m.arena));
	if (!how->files)
		add_stages(&m);
	int rc = how->files ? add_files(&m) : 0;
	finish(&m);
	map_clear(&m.files);
	vec_free(&m.inputs);
	*out = (struct dag){ m.nodes.v, m.edges.v, m.nodes.n, m.edges.n, m.arena };
	if (rc)
		mlops_dag_clear(out);
	return rc;
}

int mlops_dag_load(struct project *project, const struct dag_how *how, struct dag *out,
		   struct mlops_error *err)
{
	autosnapshot s = { 0 };

	if (snapshot_open(&s, project, how->rev, err))
		return -1;
	if (!s.pipeline) {
		err_set(err, MLOPS_ENOTFOUND, "there is no pipeline: no '%s' in %s", SPEC_FILE,
			how->rev ? how->rev : "the work tree");
		return err_hint(err, "see mlops.yaml(5) for how to write one");
	}
	return make(s.pipeline, how, out, err);
}

void mlops_dag_clear(struct dag *dag)
{
	free(dag->nodes);
	free(dag->edges);
	if (dag->arena)
		arena_clear(dag->arena);
	free(dag->arena);
	*dag = (struct dag){ 0 };
}

char *mlops_dag_draw(const struct dag *dag, enum dag_format format, const struct dag_page *page)
{
	autobuf out = { 0 };

	switch (format) {
	case DAG_TEXT:
		dag_text(dag, page, &out);
		break;
	case DAG_DOT:
		dag_dot(dag, &out);
		break;
	case DAG_MERMAID:
		dag_mermaid(dag, &out);
		break;
	case DAG_SVG:
		dag_svg(dag, &out);
		break;
	}
	return strbuf_steal(&out);
}
