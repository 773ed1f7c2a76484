/* Scoring a registered version: its files are written out for as long as they are read. */
#include <inttypes.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/scoring.h"
#include "mlops/workspace.h"
#include "project/project.h"

static int write_out(struct project *project, const struct model_version *v, const char *path,
		     struct mlops_error *err)
{
	if (mlops_project_lock(project, false, err))
		return -1;
	int rc = mlops_workspace_export(project, &v->ref, path, err);
	mlops_project_unlock(project);
	return rc;
}

int mlops_scorer_open_version(struct project *project, const struct model_version *v,
			      struct scorer **out, struct mlops_error *err)
{
	autofree char *all = project_file(project, "run/score");
	autofree char *dir = xasprintf("%s/%d", all, (int)getpid());
	autofree char *path = path_join(dir, path_base(v->path));
	autoerr ignored = ERR_INIT;

	if (mlops_model_check_usable(v, err) || fs_mkdirs(dir, err))
		return -1;
	int rc = write_out(project, v, path, err) || mlops_scorer_open(path, out, err) ? -1 : 0;
	fs_remove_tree(dir, &ignored);
	return rc ? err_wrap(err, "model '%s' version %" PRId64, v->model, v->version) : 0;
}
