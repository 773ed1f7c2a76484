/* Where the objects of all roots lie: an out says so, and what else names its objects goes with it. */
#include "base/arena.h"
#include "base/map.h"
#include "registry/private.h"

struct gather {
	struct placed_ref *v;
	size_t n, cap;
	struct map outs; /* name -> struct object_place * of outs that are elsewhere than usual */
	struct arena arena;
};

static int gather_out(const struct root *root, void *arg, struct mlops_error *err)
{
	static const struct object_place usual;
	struct gather *g = arg;
	const struct oid *oid = &root->ref.oid;

	(void)err;
	if (!root->is_out || object_place_same(&root->place, &usual))
		return 0;
	struct object_place *place = arena_alloc(&g->arena, sizeof(*place));
	*place = root->place;
	map_putn(&g->outs, oid->sha256, sizeof(oid->sha256), place);
	return 0;
}

static int gather_root(const struct root *root, void *arg, struct mlops_error *err)
{
	struct gather *g = arg;
	const struct oid *oid = &root->ref.oid;
	const struct object_place *of_out = map_getn(&g->outs, oid->sha256, sizeof(oid->sha256));

	(void)err;
	vec_push(g, { root->ref, of_out && !root->is_out ? *of_out : root->place });
	return 0;
}

int mlops_roots_placed(struct project *project, struct placed_ref **out, size_t *n,
		       struct mlops_error *err)
{
	struct gather g = { 0 };
	int rc = mlops_roots_visit(project, gather_out, &g, err);

	if (!rc)
		rc = mlops_roots_visit(project, gather_root, &g, err);
	map_clear(&g.outs);
	arena_clear(&g.arena);
	if (rc)
		vec_free(&g);
	*out = g.v;
	*n = g.n;
	return rc;
}
