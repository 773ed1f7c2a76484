/* What `dvc import` brought from other repositories, brought from there again. */
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "mlops/project.h"
#include "project/project.h"
#include "remote/origin/origin.h"
#include "store/dvc/dvc.h"

#define TMP_HEX 8

static int check_same(struct dvc *d, const struct dvc_out *out, struct mlops_error *err)
{
	struct object_ref now;

	if (mlops_dvc_look(d, out->path, true, &now, err) || mlops_dvc_commit(d, err))
		return -1;
	if (dvc_is_legacy(&out->ref.oid) || mlops_oid_equal(&now.oid, &out->ref.oid))
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "'%s' of '%s' is not what was imported to '%s'",
		       out->origin.path, out->origin.url, out->path);
}

static int bring_to(struct dvc *d, const struct dvc_out *out, const char *tmp,
		    const struct get_how *how, struct mlops_error *err)
{
	autofree char *near = project_abspath(d->project, out->origin.url);
	bool is_near = !strstr(out->origin.url, "://") && fs_is_dir(near);
	const struct source source = { is_near ? near : out->origin.url, out->origin.path,
				       out->origin.commit };
	autofree char *commit = NULL, *found = NULL, *checked = NULL;
	autofree char *dest = project_abspath(d->project, out->path);

	if (mlops_project_relpath(d->project, dest, &checked, err) ||
	    origin_take(&source, tmp, how, &commit, &found, err) || fs_mkdirs_for(dest, err))
		return -1;
	if (rename(found, dest))
		return err_sys(err, "cannot move '%s' to its place", out->path);
	return check_same(d, out, err);
}

static int bring(struct dvc *d, const struct dvc_out *out, const struct get_how *how,
		 struct mlops_error *err)
{
	char random[RAND_HEX_SIZE(TMP_HEX)];
	autoerr ignored = ERR_INIT;
	const char *dir;

	if (!out->origin.url) {
		log_warn("'%s' is imported from where this program does not read; see dvc update",
			 out->path);
		return 0;
	}
	if (project_tmp(d->project, &dir, err))
		return -1;
	autofree char *tmp = xasprintf("%s/.mlops-get-%s", dir, rand_hex(random, TMP_HEX));
	int rc = bring_to(d, out, tmp, how, err);
	fs_remove_tree(tmp, rc ? &ignored : err);
	return rc ? err_wrap(err, "cannot get the import '%s'", out->path) : 0;
}

int mlops_dvc_fetch_imports(struct dvc *d, const char *const *paths, size_t n,
			    const struct get_how *how, struct mlops_error *err)
{
	if (dvc_outs_load(d, err))
		return -1;
	for (size_t i = 0; i < d->outs.n; i++) {
		const struct dvc_out *out = &d->outs.v[i];
		autofree char *path = project_abspath(d->project, out->path);

		if (out->imported && dvc_is_chosen(out->path, paths, n) && !fs_exists(path) &&
		    !mlops_dvc_has(d, &out->ref) && bring(d, out, how, err))
			return -1;
	}
	return 0;
}
