/* Making paths in the work tree what the cache holds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "project/project.h"
#include "store/beneath.h"
#include "store/dvc/dvc.h"

static int not_cached(const char *path, struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "'%s' is not in DVC's cache", path);
	return err_hint(err, "bring it there with: mlops pull");
}

bool dvc_has_files(const struct dvc *d, const struct dvc_listing *listing)
{
	for (size_t i = 0; i < listing->files.n; i++)
		if (!dvc_has_object(d, &listing->files.v[i].oid, false))
			return false;
	return true;
}

bool mlops_dvc_has(struct dvc *d, const struct object_ref *ref)
{
	autolisting listing = { 0 };
	autoerr ignored = ERR_INIT;

	if (ref->kind == OBJECT_FILE)
		return dvc_has_object(d, &ref->oid, false);
	return !dvc_listing_read(d, &ref->oid, &listing, &ignored) && dvc_has_files(d, &listing);
}

/* Makes one file; what is in its place goes, be it a folder. */
static int restore_file(struct dvc *d, struct beneath *root, const char *path,
			const struct oid *oid, bool executable, struct checkout_counts *counts,
			struct mlops_error *err)
{
	const char *name = path_base(path);
	struct stat st;
	int dir_fd;

	if (beneath_parent(root, path, true, &dir_fd, err))
		return -1;
	if (!fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode)) {
		autofree char *absolute = project_abspath(d->project, path);

		if (fs_remove_tree(absolute, err))
			return -1;
	}
	if (dvc_place(d, oid, dir_fd, name, executable, path, err))
		return -1;
	if (fstatat(dir_fd, name, &st, 0))
		return err_sys(err, "cannot look at '%s'", path);
	index_settle(d->index, index_time_ns(&st.st_ctim));
	index_put(d->index, path, &st, oid);
	counts->written++;
	return 0;
}

static int remove_file(struct dvc *d, const char *folder, const char *path,
		       struct checkout_counts *counts, struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, path);
	autofree char *dir = path_dir(absolute);
	autofree char *stop = project_abspath(d->project, folder);

	if (unlink(absolute) && errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, "cannot remove '%s'", path);
	fs_remove_empty_dirs(dir, stop);
	counts->removed++;
	return 0;
}

/* A folder that is made what its listing says. */
struct restoring {
	struct dvc *d;
	struct beneath *root;
	const char *folder;
	struct checkout_counts *counts;
};

/* What is only there goes, what is not there or differs is made. */
static int restore_listed(const struct dvc_file *have, const struct dvc_file *want, void *arg,
			  struct mlops_error *err)
{
	const struct restoring *r = arg;
	autofree char *path = path_join(r->folder, have ? have->path : want->path);

	if (!want)
		return remove_file(r->d, r->folder, path, r->counts, err);
	if (!have || !mlops_oid_equal(&have->oid, &want->oid))
		return restore_file(r->d, r->root, path, &want->oid, false, r->counts, err);
	r->counts->unchanged++;
	return 0;
}

static int restore_folder(struct dvc *d, struct beneath *root, const char *path,
			  const struct object_ref *ref, struct checkout_counts *counts,
			  struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, path);
	autolisting have = { 0 }, want = { 0 };

	if (dvc_listing_read(d, &ref->oid, &want, err))
		return err->kind == MLOPS_ENOTFOUND ? not_cached(path, err) : -1;
	if (!dvc_has_files(d, &want))
		return not_cached(path, err);
	if (fs_exists(absolute) && !fs_is_dir(absolute) && unlink(absolute))
		return err_sys(err, "cannot remove '%s'", path);
	if (fs_mkdirs(absolute, err) || dvc_listing_of(d, path, dvc_how_of(ref), &have, err))
		return -1;
	struct restoring r = { d, root, path, counts };
	return dvc_listing_compare(&have, &want, restore_listed, &r, err);
}

int mlops_dvc_restore(struct dvc *d, const char *path, const struct object_ref *ref,
		      struct checkout_counts *counts, struct mlops_error *err)
{
	autofree char *checked = NULL, *absolute = project_abspath(d->project, path);
	struct beneath root = BENEATH_INIT;

	/* a symlink above it would make this another file than the one that is named */
	if (mlops_project_relpath(d->project, absolute, &checked, err))
		return -1;
	if (ref->kind == OBJECT_FILE && !dvc_has_object(d, &ref->oid, false))
		return not_cached(path, err);
	if (beneath_open(&root, mlops_project_root(d->project), err))
		return -1;
	int rc = ref->kind == OBJECT_FILE ?
			 restore_file(d, &root, path, &ref->oid, ref->executable, counts, err) :
			 restore_folder(d, &root, path, ref, counts, err);
	beneath_close(&root);
	map_clear(&d->looked); /* it is not as it was */
	return rc;
}
