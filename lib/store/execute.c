/* Executing a plan: what goes, innermost first; then folders and files, outermost first. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/path.h"
#include "store/plan.h"
#include "store/store.h"

static int remove_one(struct beneath *root, const struct plan_step *step, struct mlops_error *err)
{
	bool folder = step->kind == TREE_FOLDER;
	int fd;

	if (beneath_parent(root, step->path, false, &fd, err))
		return -1;
	if (FAULT("checkout.remove") ||
	    (unlinkat(fd, path_base(step->path), folder ? AT_REMOVEDIR : 0) && errno != ENOENT &&
	     !(folder && (errno == ENOTEMPTY || errno == EEXIST)))) /* what is ignored stays */
		return err_sys(err, "cannot remove '%s'", step->path);
	if (folder)
		beneath_forget(root); /* it may have been the one that is gone */
	return 0;
}

static int make_folder(struct beneath *root, const struct plan_step *step, struct mlops_error *err)
{
	int fd;

	if (beneath_parent(root, step->path, true, &fd, err))
		return -1;
	if (mkdirat(fd, path_base(step->path), 0777) && errno != EEXIST)
		return err_sys(err, "cannot create folder '%s'", step->path);
	return 0;
}

static int write_one(struct plan *p, struct beneath *root, struct plan_step *step,
		     struct mlops_error *err)
{
	mode_t mode = step->kind == TREE_EXECUTABLE ? 0777 : 0666;
	struct store_dest to = { .name = path_base(step->path), .shown = step->path };
	struct store *store = p->scan->store;

	if (beneath_parent(root, step->path, true, &to.dir_fd, err))
		return -1;
	to.stage_fd = p->stage_fd >= 0 ? p->stage_fd : to.dir_fd;
	if (step->kind == TREE_SYMLINK ? store_export_symlink(store, &step->oid, &to, err) :
					 store_export_at(store, &step->oid, &to, mode, err))
		return -1;
	if (fstatat(to.dir_fd, to.name, &step->st, AT_SYMLINK_NOFOLLOW))
		return err_sys(err, "cannot look at '%s'", step->path);
	return 0;
}

/*
 * The stat data was taken when each file was written, so that a change since then shows; the
 * clock has to move on first, or the next one might not.
 */
static void learn(struct plan *p)
{
	struct index *ix = p->scan->index;
	int64_t last = INT64_MIN;

	if (!ix)
		return;
	for (size_t i = 0; i < p->steps.n; i++) {
		int64_t ctime_ns = index_time_ns(&p->steps.v[i].st.st_ctim);

		if (p->steps.v[i].verb == PLAN_WRITE && ctime_ns > last)
			last = ctime_ns;
	}
	index_settle(ix, last);
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].verb == PLAN_WRITE)
			index_put(ix, p->steps.v[i].path, &p->steps.v[i].st, &p->steps.v[i].oid);
}

int plan_execute(struct plan *p, struct beneath *root, struct mlops_error *err)
{
	beneath_forget(root);
	for (size_t i = p->steps.n; i-- > 0;)
		if (p->steps.v[i].verb == PLAN_REMOVE && remove_one(root, &p->steps.v[i], err))
			return -1;
	for (size_t i = 0; i < p->steps.n; i++) {
		struct plan_step *step = &p->steps.v[i];

		if (step->verb == PLAN_FOLDER && make_folder(root, step, err))
			return -1;
		if (step->verb == PLAN_WRITE && write_one(p, root, step, err))
			return -1;
	}
	learn(p);
	return 0;
}
