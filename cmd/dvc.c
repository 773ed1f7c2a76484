/* Telling paths that DVC tracks from our own. */
#include "dvc.h"

#include "base/err.h"
#include "base/path.h"
#include "mlops/config.h"
#include "mlops/dvc_stages.h"
#include "mlops/project.h"

/* Whether a pointer of ours is of the path, above it or in it. */
static bool is_ours(const char *path, const struct pointer *pointers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!*path || path_is_below(pointers[i].path, path) ||
		    path_is_below(path, pointers[i].path))
			return true;
	return false;
}

/* In a repository that is no project all is DVC's. */
static int take_all(const struct strlist *paths, unsigned how, struct dvc_paths *out,
		    struct mlops_error *err)
{
	bool tracked = true;

	out->skip_own = true;
	for (size_t i = 0; i < paths->n; i++) {
		if (!(how & DVC_NEW) && *paths->v[i] &&
		    mlops_dvc_tracks(out->dvc, paths->v[i], &tracked, err))
			return -1;
		if (!tracked)
			return err_set(err, MLOPS_ENOTFOUND, "DVC tracks nothing at '%s'",
				       paths->v[i]);
		strlist_add(&out->theirs, paths->v[i]);
	}
	return 0;
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

int dvc_paths_split(struct project *project, const struct strlist *paths, unsigned how,
		    struct dvc_paths *out, struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;

	*out = (struct dvc_paths){ 0 };
	if (!mlops_dvc_is_here(project)) {
		for (size_t i = 0; i < paths->n; i++)
			strlist_add(&out->own, paths->v[i]);
		return 0;
	}
	if (mlops_dvc_open(project, &out->dvc, err) ||
	    (how & DVC_STAGES && mlops_dvc_add_stages(project, out->dvc, err)))
		return -1;
	if (mlops_project_is_dvc(project))
		return take_all(paths, how, out, err);
	if (mlops_pointers_list(project, &pointers, &n, err))
		return -1;
	int rc = split(paths, pointers, n, out, err);
	mlops_pointers_free(pointers, n);
	out->skip_own = paths->n && !out->own.n;
	if (paths->n && !out->theirs.n)
		close_dvc(out);
	return rc;
}

void dvc_paths_at_remote(struct project *project, const char *remote, struct dvc_paths *p)
{
	autofree char *key = remote ? xasprintf("remote.%s.url", remote) : NULL;

	if (!remote || !p->dvc)
		return;
	bool ours = mlops_config_lookup(project, key),
	     theirs = mlops_dvc_has_remote(p->dvc, remote);
	p->skip_own |= theirs && !ours;
	if (ours && !theirs && !p->skip_own)
		close_dvc(p);
}

void dvc_paths_clear(struct dvc_paths *p)
{
	close_dvc(p);
	strlist_clear(&p->own);
	strlist_clear(&p->theirs);
}
