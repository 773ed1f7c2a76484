/* Walking the graph from named stages: to what they need, and to what needs them. */
#include "pipeline/select.h"

#include "base/map.h"
#include "pipeline/keep.h"

static int unknown_stage(const struct pipeline *p, const char *name, struct mlops_error *err)
{
	autostrlist names = { 0 };

	for (size_t i = 0; i < p->stages.n; i++)
		strlist_add(&names, p->stages.v[i].name);
	const char *near = strlist_suggest(name, &names);
	err_set(err, MLOPS_EUSAGE, "there is no stage '%s' in %s", name, p->keep->spec_file);
	return near ? err_hint(err, "did you mean '%s'?", near) : -1;
}

static int mark_named(const struct pipeline *p, const char *const *names, size_t n, bool *marked,
		      struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < p->stages.n; k++)
			if (spec_is_named(p->stages.v[k].name, names[i]))
				found = marked[k] = true;
		if (!found)
			return unknown_stage(p, names[i], err);
	}
	return 0;
}

/* Users come behind what they need in the order. */
static void mark_needs(const struct pipeline *p, bool *marked)
{
	for (size_t k = p->stages.n; k--;) {
		const struct spec_stage *stage = &p->stages.v[p->order[k]];

		for (size_t i = 0; marked[p->order[k]] && i < stage->needs.n; i++)
			marked[stage->needs.v[i]] = true;
	}
}

static void mark_users(const struct pipeline *p, bool *marked)
{
	for (size_t k = 0; k < p->stages.n; k++) {
		const struct spec_stage *stage = &p->stages.v[p->order[k]];

		for (size_t i = 0; i < stage->needs.n; i++)
			marked[p->order[k]] |= marked[stage->needs.v[i]];
	}
}

/* Keeps of what is wanted those that `name` reaches by the walk. */
static int keep_reached(const struct pipeline *p, const char *name,
			void (*walk)(const struct pipeline *p, bool *marked), bool *wanted,
			struct mlops_error *err)
{
	autofree bool *reached = xcalloc(p->stages.n + 1, sizeof(*reached));

	if (!name)
		return 0;
	if (mark_named(p, &name, 1, reached, err))
		return -1;
	walk(p, reached);
	for (size_t i = 0; i < p->stages.n; i++)
		wanted[i] &= reached[i];
	return 0;
}

int select_stages(const struct pipeline *p, const struct run_how *how, bool *wanted,
		  struct mlops_error *err)
{
	for (size_t i = 0; i < p->stages.n; i++)
		wanted[i] = !how->n_targets;
	if (mark_named(p, how->targets, how->n_targets, wanted, err))
		return -1;
	if (how->reach == RUN_NEEDS)
		mark_needs(p, wanted);
	else if (how->reach == RUN_USERS)
		mark_users(p, wanted);
	return keep_reached(p, how->from, mark_users, wanted, err) ||
			       keep_reached(p, how->to, mark_needs, wanted, err) ?
		       -1 :
		       0;
}
