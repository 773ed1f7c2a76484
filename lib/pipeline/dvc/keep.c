/* DVC's cache, dvc.lock and run cache. */
#include "base/fs.h"
#include "mlops/dvc.h"
#include "pipeline/difference.h"
#include "pipeline/dvc/dvc.h"
#include "project/project.h"

struct keep_look {
	struct dvc *dvc;
};

static int open_look(struct project *project, struct keep_look **out, struct mlops_error *err)
{
	struct dvc *dvc;

	if (mlops_dvc_open(project, &dvc, err))
		return -1;
	*out = xmalloc(sizeof(**out));
	**out = (struct keep_look){ dvc };
	return 0;
}

static int look(struct keep_look *look, const char *path, bool save, struct object_ref *out,
		struct mlops_error *err)
{
	return mlops_dvc_look(look->dvc, path, save, out, err);
}

static int commit(struct keep_look *look, struct mlops_error *err)
{
	return mlops_dvc_commit(look->dvc, err);
}

static void close_look(struct keep_look *look)
{
	if (look)
		mlops_dvc_close(look->dvc);
	free(look);
}

/* As DVC does, so that its run cache can bring all of a result back. */
static bool saves_uncached(struct project *project, const struct spec_stage *spec,
			   const struct spec_out *out)
{
	(void)project, (void)out;
	return dvc_runs_can_have(spec);
}

static bool has(struct project *project, const struct lock_item *out)
{
	autoerr ignored = ERR_INIT;
	struct dvc *dvc;

	if (mlops_dvc_open(project, &dvc, &ignored))
		return false;
	bool there = mlops_dvc_has(dvc, &out->ref);
	mlops_dvc_close(dvc);
	return there;
}

static int restore_changed(struct dvc *dvc, const struct lock_item *out, struct mlops_error *err)
{
	struct checkout_counts counts = { 0 };
	autoerr ignored = ERR_INIT;
	struct object_ref ref;

	if (!mlops_dvc_look(dvc, out->path, false, &ref, &ignored) &&
	    object_ref_same(&ref, &out->ref))
		return 0;
	return mlops_dvc_restore(dvc, out->path, &out->ref, &counts, err) || mlops_dvc_commit(dvc, err) ? -1 : 0;
}

static int restore(struct project *project, const struct lock_item *out, struct mlops_error *err)
{
	struct dvc *dvc;

	if (mlops_dvc_open(project, &dvc, err))
		return -1;
	int rc = restore_changed(dvc, out, err);
	mlops_dvc_close(dvc);
	return rc;
}

/* Of an item that still holds what DVC 2 called so, the name that it has now. */
static int renew(struct dvc *dvc, struct lock_item *item, struct mlops_error *err)
{
	struct object_ref as_then, now;

	if (!dvc_ref_is_legacy(&item->ref))
		return 0;
	if (mlops_dvc_look_like(dvc, item->path, &item->ref, &as_then, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (!mlops_oid_equal(&as_then.oid, &item->ref.oid))
		return 0;
	if (mlops_dvc_look(dvc, item->path, false, &now, err))
		return -1;
	now.executable = item->ref.executable;
	item->ref = now;
	return 0;
}

static int renew_all(struct dvc *dvc, struct lockfile *lock, struct mlops_error *err)
{
	for (size_t i = 0; i < lock->n; i++) {
		struct lock_stage *s = &lock->stages[i];

		for (size_t k = 0; k < s->n_deps; k++)
			if (renew(dvc, &s->deps[k], err))
				return -1;
		for (size_t k = 0; k < s->n_outs; k++)
			if (renew(dvc, &s->outs[k], err))
				return -1;
	}
	return mlops_dvc_commit(dvc, err);
}

static bool has_legacy(const struct lockfile *lock)
{
	for (size_t i = 0; i < lock->n; i++) {
		const struct lock_stage *s = &lock->stages[i];

		for (size_t k = 0; k < s->n_deps; k++)
			if (dvc_ref_is_legacy(&s->deps[k].ref))
				return true;
		for (size_t k = 0; k < s->n_outs; k++)
			if (dvc_ref_is_legacy(&s->outs[k].ref))
				return true;
	}
	return false;
}

/* Whether something is as a lock of DVC 2 says must be asked in that one's way. */
static int read_lock(struct project *project, const struct pipeline *pipeline, struct lockfile *out,
		     struct mlops_error *err)
{
	struct dvc *dvc;

	if (dvc_lock_read(project, pipeline, out, err))
		return -1;
	if (!has_legacy(out))
		return 0;
	if (mlops_project_lock(project, true, err))
		return -1;
	int rc = mlops_dvc_open(project, &dvc, err);
	if (!rc) {
		rc = renew_all(dvc, out, err);
		mlops_dvc_close(dvc);
	}
	mlops_project_unlock(project);
	return rc;
}

const struct keep keep_dvc = {
	.open = open_look,
	.look = look,
	.commit = commit,
	.close = close_look,
	.saves_uncached = saves_uncached,
	.has = has,
	.restore = restore,
	.find_result = dvc_runs_find,
	.put_result = dvc_runs_put,
	.read_lock = read_lock,
	.write_lock = dvc_lock_write,
	.spec_file = DVC_SPEC_NAME,
};
