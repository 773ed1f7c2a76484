/* Telling paths that DVC tracks from our own. */
#include "dvc.h"

#include "base/path.h"

/* Whether a pointer of ours is of the path, above it or in it. */
static bool is_ours(const char *path, const struct pointer *pointers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!*path || path_is_below(pointers[i].path, path) ||
		    path_is_below(path, pointers[i].path))
			return true;
	return false;
}

static int split(const struct strlist *paths, const struct pointer *pointers, size_t n,
		 struct dvc_paths *out, struct mlops_error *err)
{
	for (size_t i = 0; i < paths->n; i++) {
		bool theirs;

		if (mlops_dvc_tracks(out->dvc, paths->v[i], &theirs, err))
			return -1;
		if (theirs)
			strlist_add(&out->theirs, paths->v[i]);
		if (!theirs || is_ours(paths->v[i], pointers, n))
			strlist_add(&out->own, paths->v[i]);
	}
	return 0;
}

static void close_dvc(struct dvc_paths *p)
{
	mlops_dvc_close(p->dvc);
	p->dvc = NULL;
}

int dvc_paths_split(struct project *project, const struct strlist *paths, struct dvc_paths *out,
		    struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;

	*out = (struct dvc_paths){ 0 };
	if (!mlops_dvc_is_here(project)) {
		for (size_t i = 0; i < paths->n; i++)
			strlist_add(&out->own, paths->v[i]);
		return 0;
	}
	if (mlops_dvc_open(project, &out->dvc, err) || mlops_pointers_list(project, &pointers, &n, err))
		return -1;
	int rc = split(paths, pointers, n, out, err);
	mlops_pointers_free(pointers, n);
	out->skip_own = paths->n && !out->own.n;
	if (paths->n && !out->theirs.n)
		close_dvc(out);
	return rc;
}

void dvc_paths_clear(struct dvc_paths *p)
{
	close_dvc(p);
	strlist_clear(&p->own);
	strlist_clear(&p->theirs);
}
