/*
 * The graph of stages. Two maps over all outs make it linear in outs, deps and edges: from an out
 * to its stage, and from each folder above an out to the stages that write below it.
 */
#include "pipeline/graph.h"

#include "base/glob.h"
#include "base/map.h"
#include "base/path.h"
#include "pipeline/pattern.h"

#define LOCK_FILE "mlops.lock"

struct writers {
	VEC(size_t) stages;
};

struct builder {
	struct pipeline *p;
	struct map outs;    /* path -> struct owner in the arena */
	struct map folders; /* folder above an out -> struct writers */
	struct mlops_error *err;
};

struct owner {
	size_t stage;
	const struct spec_out *out;
};

static void free_writers(void *value)
{
	struct writers *w = value;

	vec_free(&w->stages);
	free(w);
}

/* The length of the folder above path[0 .. n), or 0. */
static size_t parent_len(const char *path, size_t n)
{
	while (n && path[n - 1] != '/')
		n--;
	return n ? n - 1 : 0;
}

static void add_folders(struct builder *b, size_t stage, const char *path)
{
	for (size_t n = parent_len(path, strlen(path)); n; n = parent_len(path, n)) {
		struct writers *w = map_getn(&b->folders, path, n);

		if (!w) {
			w = xcalloc(1, sizeof(*w));
			map_putn(&b->folders, path, n, w);
		}
		if (!w->stages.n || w->stages.v[w->stages.n - 1] != stage)
			vec_push(&w->stages, stage);
	}
}

static int check_out(const struct spec_stage *stage, const struct spec_out *out,
		     struct mlops_error *err)
{
	if (!strcmp(out->path, SPEC_FILE) || !strcmp(out->path, LOCK_FILE))
		return yaml_error(out->at, err, "'%s' cannot be an output", out->path);
	if (*stage->wdir && path_is_below(stage->wdir, out->path))
		return yaml_error(out->at, err,
				  "output '%s' holds the folder that its stage runs in", out->path);
	return 0;
}

static int add_out(struct builder *b, size_t i, const struct spec_out *out)
{
	const struct spec_stage *stage = &b->p->stages.v[i];
	const struct owner *first = map_get(&b->outs, out->path);
	struct owner *owner;

	if (check_out(stage, out, b->err))
		return -1;
	if (first)
		return yaml_error(
			out->at, b->err, "output '%s' is already given by stage '%s' on line %d",
			out->path, b->p->stages.v[first->stage].name, first->out->at->line);
	owner = arena_alloc(&b->p->arena, sizeof(*owner));
	*owner = (struct owner){ i, out };
	map_put(&b->outs, out->path, owner);
	add_folders(b, i, out->path);
	return 0;
}

static int check_overlap(struct builder *b, const struct spec_out *out)
{
	const char *path = out->path;

	for (size_t n = parent_len(path, strlen(path)); n; n = parent_len(path, n)) {
		const struct owner *above = map_getn(&b->outs, path, n);

		if (above)
			return yaml_error(out->at, b->err,
					  "output '%s' lies in output '%s' of stage '%s'", path,
					  above->out->path, b->p->stages.v[above->stage].name);
	}
	return 0;
}

static int collect_outs(struct builder *b)
{
	struct pipeline *p = b->p;

	for (size_t i = 0; i < p->stages.n; i++)
		for (size_t k = 0; k < p->stages.v[i].outs.n; k++)
			if (add_out(b, i, &p->stages.v[i].outs.v[k]))
				return -1;
	for (size_t i = 0; i < p->stages.n; i++)
		for (size_t k = 0; k < p->stages.v[i].outs.n; k++)
			if (check_overlap(b, &p->stages.v[i].outs.v[k]))
				return -1;
	return 0;
}

static int add_need(struct builder *b, size_t user, size_t maker, const char *path,
		    const struct yaml_node *at)
{
	struct spec_stage *stage = &b->p->stages.v[user];

	if (maker == user)
		return yaml_error(at, b->err, "'%s' is a dependency and an output of stage '%s'",
				  path, stage->name);
	vec_push(&stage->needs, maker);
	return 0;
}

/* Adds the makers of `path`: of it, of a folder above it, of something below it. */
static int add_needs(struct builder *b, size_t user, const char *path, const struct yaml_node *at,
		     bool *made)
{
	size_t before = b->p->stages.v[user].needs.n;

	for (size_t n = strlen(path); n; n = parent_len(path, n)) {
		const struct owner *owner = map_getn(&b->outs, path, n);

		if (owner && add_need(b, user, owner->stage, path, at))
			return -1;
	}
	const struct writers *below = map_get(&b->folders, path);
	for (size_t i = 0; below && i < below->stages.n; i++)
		if (add_need(b, user, below->stages.v[i], path, at))
			return -1;
	*made = b->p->stages.v[user].needs.n > before;
	return 0;
}

/* Each stage that may write what the pattern matches, now or later. */
static int add_pattern_needs(struct builder *b, size_t user, struct spec_dep *dep)
{
	autofree char *root = pattern_root(dep->path);
	size_t before = b->p->stages.v[user].needs.n;

	for (size_t i = 0; i < b->p->stages.n; i++) {
		const struct spec_stage *stage = &b->p->stages.v[i];

		for (size_t k = 0; k < stage->outs.n; k++) {
			const char *out = stage->outs.v[k].path;
			bool may = glob_match_path(dep->path, out) ||
				   (*root && path_is_below(root, out));

			if (may && add_need(b, user, i, dep->path, dep->at))
				return -1;
		}
	}
	dep->made = b->p->stages.v[user].needs.n > before;
	return 0;
}

/* A dependency on a stage becomes one on each of its outs. */
static int add_stage_outs(struct builder *b, struct spec_stage *user, const struct spec_dep *dep)
{
	bool found = false;

	for (size_t k = 0; k < b->p->stages.n; k++) {
		const struct spec_stage *stage = &b->p->stages.v[k];

		if (!spec_is_named(stage->name, dep->stage))
			continue;
		found = true;
		for (size_t i = 0; i < stage->outs.n; i++)
			vec_push(&user->deps, { .path = stage->outs.v[i].path, .at = dep->at });
	}
	if (!found)
		return yaml_error(dep->at, b->err, "there is no stage '%s' to depend on", dep->stage);
	return 0;
}

static int resolve_stage_deps(struct builder *b, struct spec_stage *user)
{
	size_t n = user->deps.n, kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct spec_dep dep = user->deps.v[i];

		if (dep.stage && add_stage_outs(b, user, &dep))
			return -1;
	}
	for (size_t i = 0; i < user->deps.n; i++)
		if (!user->deps.v[i].stage)
			user->deps.v[kept++] = user->deps.v[i];
	user->deps.n = kept;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static int link_stage(struct builder *b, size_t i)
{
	struct spec_stage *stage = &b->p->stages.v[i];
	size_t unique = 0;

	for (size_t k = 0; k < stage->deps.n; k++) {
		struct spec_dep *dep = &stage->deps.v[k];

		if (dep->is_pattern ? add_pattern_needs(b, i, dep) :
				      add_needs(b, i, dep->path, dep->at, &dep->made))
			return -1;
	}
	for (size_t k = 0; k < stage->params.n; k++) {
		struct spec_param *param = &stage->params.v[k];

		if (add_needs(b, i, param->file, param->at, &param->made))
			return -1;
	}
	vec_sort(&stage->needs, by_index);
	for (size_t k = 0; k < stage->needs.n; k++)
		if (!k || stage->needs.v[k] != stage->needs.v[k - 1])
			stage->needs.v[unique++] = stage->needs.v[k];
	stage->needs.n = unique;
	return 0;
}

/* A stage that is being visited, and which of its needs comes next. */
struct visit {
	size_t stage, next;
};

enum visit_state { UNSEEN, OPEN, DONE };

struct sorter {
	struct pipeline *p;
	VEC(struct visit) path;
	enum visit_state *state; /* one a stage */
	size_t n;                /* stages in p->order */
};

static int cycle_error(struct sorter *s, size_t again, struct mlops_error *err)
{
	const struct spec_stage *stages = s->p->stages.v;
	autobuf names = { 0 };
	size_t i = 0;

	while (s->path.v[i].stage != again)
		i++;
	for (; i < s->path.n; i++)
		strbuf_addf(&names, "%s -> ", stages[s->path.v[i].stage].name);
	yaml_error(stages[again].at, err, "stages need each other: %s%s", names.buf,
		   stages[again].name);
	return err_hint(err, "an arrow points to a stage whose outputs are needed");
}

/* Depth first, on a stack of our own: a pipeline may be one long chain. */
static int sort_from(struct sorter *s, size_t start, struct mlops_error *err)
{
	vec_push(&s->path, { start, 0 });
	s->state[start] = OPEN;
	while (s->path.n) {
		struct visit *at = &s->path.v[s->path.n - 1];
		const struct spec_stage *stage = &s->p->stages.v[at->stage];

		if (at->next == stage->needs.n) {
			s->state[at->stage] = DONE;
			s->p->order[s->n++] = at->stage;
			s->path.n--;
			continue;
		}
		size_t need = stage->needs.v[at->next++];
		if (s->state[need] == OPEN)
			return cycle_error(s, need, err);
		if (s->state[need] == UNSEEN) {
			s->state[need] = OPEN;
			vec_push(&s->path, { need, 0 });
		}
	}
	return 0;
}

static int sort(struct pipeline *p, struct mlops_error *err)
{
	struct sorter s = { .p = p, .state = xcalloc(p->stages.n, sizeof(*s.state)) };
	int rc = 0;

	p->order = xcalloc(p->stages.n, sizeof(*p->order));
	for (size_t i = 0; !rc && i < p->stages.n; i++)
		if (s.state[i] == UNSEEN)
			rc = sort_from(&s, i, err);
	free(s.state);
	vec_free(&s.path);
	return rc;
}

int graph_build(struct pipeline *p, struct mlops_error *err)
{
	struct builder b = { .p = p, .err = err };
	int rc = collect_outs(&b);

	for (size_t i = 0; !rc && i < p->stages.n; i++)
		rc = resolve_stage_deps(&b, &p->stages.v[i]);
	for (size_t i = 0; !rc && i < p->stages.n; i++)
		rc = link_stage(&b, i);
	map_clear(&b.outs);
	map_clear_values(&b.folders, free_writers);
	return rc ? rc : sort(p, err);
}
