/* The project's own store and mlops.lock. */
#include "pipeline/keep.h"

#include "base/fs.h"
#include "mlops/workspace.h"
#include "pipeline/difference.h"
#include "pipeline/results.h"
#include "project/project.h"

#define SMALL_BYTES (1 << 20)

struct keep_look {
	struct workspace *ws;
};

static int own_open(struct project *project, struct keep_look **out, struct mlops_error *err)
{
	struct workspace *ws;

	if (mlops_workspace_open(project, &ws, err))
		return -1;
	*out = xmalloc(sizeof(**out));
	**out = (struct keep_look){ ws };
	return 0;
}

static int own_look(struct keep_look *look, const char *path, bool save, struct object_ref *out,
		    struct mlops_error *err)
{
	return mlops_workspace_look(look->ws, path, save, out, err);
}

static int own_commit(struct keep_look *look, struct mlops_error *err)
{
	return mlops_workspace_commit(look->ws, err);
}

static void own_close(struct keep_look *look)
{
	if (look)
		mlops_workspace_close(look->ws);
	free(look);
}

/* A small file is. */
static bool own_saves_uncached(struct project *project, const struct spec_stage *spec,
			       const struct spec_out *out)
{
	autofree char *path = project_abspath(project, out->path);
	struct stat st;

	(void)spec;
	return !lstat(path, &st) && S_ISREG(st.st_mode) && st.st_size <= SMALL_BYTES;
}

static bool own_has(struct project *project, const struct lock_item *out)
{
	autoerr ignored = ERR_INIT;
	struct store *store;

	return !out->not_cached || (!mlops_store_of(project, &store, &ignored) &&
				    mlops_store_has(store, &out->ref.oid));
}

static int own_restore(struct project *project, const struct lock_item *out, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, out->path);
	autoerr ignored = ERR_INIT;
	struct object_ref ref;

	if (!mlops_workspace_hash(project, out->path, &ref, &ignored) &&
	    object_ref_same(&ref, &out->ref))
		return 0;
	return fs_mkdirs_for(path, err) ||
			       mlops_workspace_restore(project, out->path, &out->ref, err) ?
		       -1 :
		       0;
}

static int own_read_lock(struct project *project, const struct pipeline *pipeline,
			 struct lockfile *out, struct mlops_error *err)
{
	(void)pipeline;
	return mlops_lockfile_read(project, out, err);
}

static int own_write_lock(struct project *project, const struct pipeline *pipeline,
			  struct lockfile *lock, const struct strlist *changed,
			  struct mlops_error *err)
{
	(void)pipeline, (void)changed;
	return mlops_lockfile_write(project, lock, err);
}

const struct keep keep_own = {
	.open = own_open,
	.look = own_look,
	.commit = own_commit,
	.close = own_close,
	.saves_uncached = own_saves_uncached,
	.has = own_has,
	.restore = own_restore,
	.find_result = results_find,
	.put_result = results_put,
	.read_lock = own_read_lock,
	.write_lock = own_write_lock,
	.spec_file = SPEC_FILE,
	.flat_params = true,
	.has_objects = true,
};
