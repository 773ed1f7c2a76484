/*
 * Target local: a gateway in the background of this machine, which runs the model itself. The models'
 * folders are beside it, in .mlops/run/deploy/NAME/rev-N.
 */
#include <inttypes.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "deploy/canary.h"
#include "deploy/front.h"
#include "mlops/workspace.h"
#include "project/project.h"

/* ---- the model's folder ---- */

/* A model that is one file keeps its name in the folder, which tells what it is. */
static int part_path(struct project *project, const struct revision *r, const char *part,
		     char **out, struct mlops_error *err)
{
	autofree char *spec = xasprintf("%s:%" PRId64, r->model, r->version);
	struct model_version *v;

	if (r->ref.kind == OBJECT_TREE) {
		*out = xstrdup(part);
		return 0;
	}
	if (mlops_model_resolve(project, spec, &v, err))
		return -1;
	*out = path_join(part, path_base(v->path));
	mlops_model_version_free(v);
	return fs_mkdirs_for(*out, err);
}

static int write_out(struct project *project, const struct revision *r, const char *dir,
		     struct mlops_error *err)
{
	autofree char *part = xasprintf("%s.part", dir), *path = NULL;

	if (fs_remove_tree(part, err) || part_path(project, r, part, &path, err) ||
	    mlops_project_lock(project, false, err))
		return -1;
	int rc = mlops_workspace_export(project, &r->ref, path, err);
	mlops_project_unlock(project);
	if (rc)
		return -1;
	if (FAULT("deploy.export"))
		return err_sys(err, "cannot finish '%s'", dir);
	return fs_rename(part, dir, err);
}

/* The folder is there only when it is complete. */
static int ensure_dir(const struct target_call *call, const struct revision *r, char **out,
		      struct mlops_error *err)
{
	autofree char *name = xasprintf("rev-%" PRId64, r->number);
	autofree char *dir = front_file(call, name);

	if (fs_mkdirs_for(dir, err) || (!fs_is_dir(dir) && write_out(call->project, r, dir, err)))
		return -1;
	*out = steal_ptr(&dir);
	return 0;
}

/* ---- the target ---- */

static const char *const keys[] = { "strategy", "gates", NULL };

static int local_apply(const struct target_call *call, const struct revision *r, int64_t timeout_ms,
		       struct mlops_error *err)
{
	autofree char *dir = NULL;
	autojson *config = NULL;

	if (target_config(&target_local, r->config, &config, err) || ensure_dir(call, r, &dir, err))
		return -1;
	return front_apply(call, r, dir, config, timeout_ms, err);
}

struct tidying {
	const char *dir;
	int64_t keep[2];
};

static bool is_kept(const struct tidying *t, const char *name)
{
	int64_t number;

	return !str_starts(name, "rev-") || (num_parse_i64(name + strlen("rev-"), &number) &&
					     (number == t->keep[0] || number == t->keep[1]));
}

static int remove_revision(const char *name, void *arg, struct mlops_error *err)
{
	const struct tidying *t = arg;
	autofree char *path = path_join(t->dir, name);

	return is_kept(t, name) ? 0 : fs_remove_tree(path, err);
}

static int local_tidy(const struct target_call *call, int64_t revision, int64_t before,
		      struct mlops_error *err)
{
	autofree char *dir = front_file(call, "");
	struct tidying t = { dir, { revision, before } };

	return fs_each_name(dir, remove_revision, &t, err);
}

static int local_stop(const struct target_call *call, struct mlops_error *err)
{
	autofree char *dir = front_file(call, "");

	return front_stop(call, err) || (fs_is_dir(dir) && local_tidy(call, 0, 0, err)) ? -1 : 0;
}

const struct target target_local = {
	.name = "local",
	.help = "a gateway in the background of this machine",
	.keys = keys,
	.check = canary_check,
	.apply = local_apply,
	.status = front_status,
	.stop = local_stop,
	.tidy = local_tidy,
};
