/* Refs of the work tree, chosen by path. */
#include "refs.h"

#include "base/path.h"
#include "mlops/listing.h"
#include "paths.h"

static bool is_chosen(const char *path, const struct strlist *wanted)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (!*wanted->v[i] || path_is_below(path, wanted->v[i]))
			return true;
	return !wanted->n;
}

static bool is_inside(const char *path, const struct tracked *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].ref.kind == OBJECT_TREE && path_is_below(path, all[i].path))
			return true;
	return false;
}

/* A path that chose nothing was likely mistyped. */
static int nothing_at(const char *path, struct mlops_error *err)
{
	autofree char *shown = cmd_show_path(path);

	err_set(err, MLOPS_ENOTFOUND, "nothing is tracked at '%s'", shown);
	return err_hint(err, "see what is with: mlops ls; a remote is named with -r");
}

static bool is_used(const char *path, const struct work_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		if (path_is_below(refs->v[i].path, path))
			return true;
	return !*path;
}

static int choose(const struct strlist *wanted, const struct tracked *all, size_t n,
		  struct work_refs *out, struct strlist *inside, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (is_chosen(all[i].path, wanted))
			vec_push(out, { xstrdup(all[i].path), all[i].ref, all[i].is_out,
					all[i].place });
	for (size_t i = 0; i < wanted->n; i++) {
		if (is_used(wanted->v[i], out))
			continue;
		if (!inside || !is_inside(wanted->v[i], all, n))
			return nothing_at(wanted->v[i], err);
		strlist_add(inside, wanted->v[i]);
	}
	return 0;
}

int cmd_work_refs_inside(struct project *project, const struct strlist *wanted,
			 struct work_refs *out, struct strlist *inside, struct mlops_error *err)
{
	struct tracked *all;
	size_t n;

	if (mlops_tracked_list(project, NULL, &all, &n, err))
		return -1;
	int rc = choose(wanted, all, n, out, inside, err);
	mlops_tracked_free(all, n);
	return rc;
}

int cmd_work_refs(struct project *project, const struct strlist *wanted, struct work_refs *out,
		  struct mlops_error *err)
{
	return cmd_work_refs_inside(project, wanted, out, NULL, err);
}

void cmd_work_refs_clear(struct work_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		free(refs->v[i].path);
	vec_free(refs);
}

struct placed_ref *cmd_placed_refs(const struct work_refs *refs)
{
	struct placed_ref *placed = xcalloc(refs->n, sizeof(*placed));

	for (size_t i = 0; i < refs->n; i++)
		placed[i] = (struct placed_ref){ refs->v[i].ref, refs->v[i].place };
	return placed;
}
