/* What pipelines and models do with single paths of the work tree. */
#include "mlops/workspace.h"

#include "base/fs.h"
#include "base/path.h"
#include "project/project.h"
#include "store/plan.h"

struct workspace {
	struct scan scan;
	bool saved; /* something, so there may be something to flush */
};

int mlops_workspace_open(struct project *project, struct workspace **out, struct mlops_error *err)
{
	struct workspace *ws = xcalloc(1, sizeof(*ws));

	*out = ws;
	if (!scan_init(&ws->scan, project, SCAN_HASH, err))
		return 0;
	mlops_workspace_close(ws);
	*out = NULL;
	return -1;
}

/* Folders that were only hashed are gone through again to be saved. */
int mlops_workspace_look(struct workspace *ws, const char *path, bool save, struct object_ref *out,
			 struct mlops_error *err)
{
	enum scan_mode mode = save ? SCAN_SAVE : SCAN_HASH;

	if (mode != ws->scan.mode)
		map_clear(&ws->scan.folders);
	ws->scan.mode = mode;
	ws->saved |= save;
	return scan_ref(&ws->scan, path, out, err);
}

int mlops_workspace_commit(struct workspace *ws, struct mlops_error *err)
{
	if (ws->saved && mlops_store_flush(ws->scan.store, err))
		return -1;
	return index_write(ws->scan.index, err);
}

void mlops_workspace_close(struct workspace *ws)
{
	if (ws)
		scan_clear(&ws->scan);
	free(ws);
}

static int take(struct project *project, const char *path, bool save, struct object_ref *out,
		struct mlops_error *err)
{
	struct object_ref ref;
	struct workspace *ws;
	int rc;

	if (mlops_workspace_open(project, &ws, err))
		return -1;
	rc = mlops_workspace_look(ws, path, save, &ref, err) || mlops_workspace_commit(ws, err) ?
		     -1 :
		     0;
	mlops_workspace_close(ws);
	if (!rc)
		*out = ref;
	return rc;
}

int mlops_workspace_hash(struct project *project, const char *path, struct object_ref *out,
			 struct mlops_error *err)
{
	return take(project, path, false, out, err);
}

int mlops_workspace_save(struct project *project, const char *path, struct object_ref *out,
			 struct mlops_error *err)
{
	return take(project, path, true, out, err);
}

int mlops_workspace_restore(struct project *project, const char *path, const struct object_ref *ref,
			    struct mlops_error *err)
{
	autoscan scan = { .beneath = BENEATH_INIT };
	autoplan plan = { .scan = &scan, .policy = PLAN_DISCARD, .stage_fd = -1 };
	struct tree_entry want = diff_entry_of(ref);

	if (scan_init(&scan, project, SCAN_STAT, err) || plan_path(&plan, path, &want, err))
		return -1;
	return plan_carry_out(&plan, project, err);
}

int mlops_workspace_export(struct project *project, const struct object_ref *ref, const char *dest,
			   struct mlops_error *err)
{
	autoscan scan = { .beneath = BENEATH_INIT };
	autoplan plan = { .scan = &scan, .policy = PLAN_KEEP, .stage_fd = -1 };
	struct tree_entry want = diff_entry_of(ref);
	autofree char *parent = path_dir(dest);

	if (fs_exists(dest))
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", dest);
	if (mlops_store_of(project, &scan.store, err) || beneath_open(&scan.beneath, parent, err) ||
	    plan_absent(&plan, path_base(dest), &want, err) || plan_check(&plan, err))
		return -1;
	return plan_execute(&plan, &scan.beneath, err);
}

int mlops_workspace_sync(struct project *project, struct mlops_error *err)
{
	return index_write(index_of(project), err);
}
