/* Serving a registered model: its folder is written to .mlops/run/serve/PID/ and removed after. */
#include <inttypes.h>

#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/proc.h"
#include "mlops/registry.h"
#include "mlops/serve.h"
#include "mlops/workspace.h"
#include "project/project.h"

/* Folders of processes that were killed. */
static int remove_left(const char *name, void *arg, struct mlops_error *err)
{
	int64_t pid;

	if (num_parse_i64(name, &pid) && pid > 0 && pid <= INT32_MAX && proc_is_alive((pid_t)pid) &&
	    pid != getpid())
		return 0;
	autofree char *path = path_join(arg, name);
	return fs_remove_tree(path, err);
}

static int write_out(struct project *project, const struct object_ref *ref, const char *dir,
		     struct mlops_error *err)
{
	if (mlops_project_lock(project, false, err))
		return -1;
	int rc = mlops_workspace_export(project, ref, dir, err);
	mlops_project_unlock(project);
	return rc;
}

static int serve_version(struct project *project, const struct model_version *v,
			 const struct gateway_how *wanted, struct mlops_error *err)
{
	autofree char *all = project_file(project, "run/serve");
	autofree char *dir = xasprintf("%s/%d", all, (int)getpid());
	autofree char *path = path_join(dir, path_base(v->path));
	struct gateway_how how = *wanted;
	autoerr ignored = ERR_INIT;

	if (fs_mkdirs(all, err) || fs_each_name(all, remove_left, all, err) ||
	    fs_mkdirs(dir, err) || write_out(project, &v->ref, path, err))
		return -1;
	how.model_dir = path;
	how.model = v->model;
	how.version = v->version;
	int rc = mlops_gateway_run(&how, err);
	fs_remove_tree(dir, &ignored);
	return rc;
}

int mlops_model_serve(struct project *project, const char *model, const struct gateway_how *how,
		      struct mlops_error *err)
{
	struct model_version *v;

	if (mlops_model_resolve(project, model, &v, err))
		return -1;
	int rc = mlops_model_check_usable(v, err) || serve_version(project, v, how, err) ? -1 : 0;
	mlops_model_version_free(v);
	return rc;
}
