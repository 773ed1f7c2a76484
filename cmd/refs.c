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

/* A path that chose nothing was likely mistyped. */
static int check_used(const struct strlist *wanted, const struct work_refs *refs,
		      struct mlops_error *err)
{
	for (size_t i = 0; i < wanted->n; i++) {
		bool used = !*wanted->v[i];

		for (size_t j = 0; j < refs->n && !used; j++)
			used = path_is_below(refs->v[j].path, wanted->v[i]);
		if (used)
			continue;
		autofree char *shown = cmd_show_path(wanted->v[i]);
		err_set(err, MLOPS_ENOTFOUND, "nothing is tracked at '%s'", shown);
		return err_hint(err, "a part of a tracked folder is fetched with: mlops restore; "
				     "a remote is named with -r");
	}
	return 0;
}

int cmd_work_refs(struct project *project, const struct strlist *wanted, struct work_refs *out,
		  struct mlops_error *err)
{
	struct tracked *all;
	size_t n;

	if (mlops_tracked_list(project, NULL, &all, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (is_chosen(all[i].path, wanted))
			vec_push(out, { xstrdup(all[i].path), all[i].ref, all[i].is_out,
					all[i].place });
	mlops_tracked_free(all, n);
	return check_used(wanted, out, err);
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
