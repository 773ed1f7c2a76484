/* mlops_edit(): from a link to the store's object to a file of one's own. */
#include "store/edit.h"

#include <fcntl.h>

#include "base/path.h"
#include "store/plan.h"
#include "store/private.h"

struct editor {
	struct scan *scan;
	const struct edit_how *how;
};

static bool is_object(const struct store *store, const struct oid *oid, const struct stat *st)
{
	autofree char *path = loose_path(store, oid);
	struct stat object;

	return !lstat(path, &object) && object.st_ino == st->st_ino && object.st_dev == st->st_dev;
}

/* Made under another name and renamed; a copy is checked against the object's name on the way. */
static int replace(struct editor *e, const struct diff *d, const struct oid *oid, bool own,
		   struct mlops_error *err)
{
	const char *name = path_base(d->path);
	struct store_dest to = { d->dir_fd, name, e->how->stage_fd, d->path, own };
	struct stat st;

	if (store_export_at(e->scan->store, oid, &to, 0666, err))
		return -1;
	if (fstatat(d->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(err, "cannot look at '%s'", d->path);
	index_settle(e->scan->index, index_time_ns(&st.st_ctim));
	index_put(e->scan->index, d->path, &st, oid);
	return 0;
}

static int edit_one(const struct diff *d, void *arg, struct mlops_error *err)
{
	struct editor *e = arg;
	struct tree_entry have = *d->have;
	bool linked = false;
	struct stat st;

	if (have.kind != TREE_FILE)
		return 0;
	if (fstatat(d->dir_fd, path_base(d->path), &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(err, "cannot look at '%s'", d->path);
	if (st.st_nlink > 1) {
		if (have.unknown && scan_read(e->scan, d->dir_fd, d->path, false, &have, err))
			return -1;
		linked = is_object(e->scan->store, &have.oid, &st);
	}
	if (linked && replace(e, d, &have.oid, true, err))
		return -1;
	if (e->how->done)
		e->how->done(d->path, linked, e->how->arg);
	return 0;
}

int edit_path(struct scan *s, const char *path, const struct edit_how *how, struct mlops_error *err)
{
	struct editor e = { s, how };

	return diff_present(s, path, edit_one, &e, err);
}

/* Another link of the user's, or a change since it was stored, is a reason to leave it alone. */
static int link_one(const struct diff *d, void *arg, struct mlops_error *err)
{
	struct editor *e = arg;
	struct place place;
	struct stat st;

	if (d->have->kind != TREE_FILE || d->have->unknown)
		return 0;
	store_find(e->scan->store, &d->have->oid, true, &place);
	if (place.kind != PLACE_LOOSE)
		return 0;
	if (fstatat(d->dir_fd, path_base(d->path), &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(err, "cannot look at '%s'", d->path);
	return st.st_nlink > 1 ? 0 : replace(e, d, &d->have->oid, false, err);
}

int link_path(struct scan *s, const char *path, const struct edit_how *how, struct mlops_error *err)
{
	struct editor e = { s, how };

	return s->store->hard_link ? diff_present(s, path, link_one, &e, err) : 0;
}

int mlops_edit(struct project *project, const char *const *paths, size_t n,
	       void (*done)(const char *path, bool copied, void *arg), void *arg,
	       struct mlops_error *err)
{
	autoscan scan = { .beneath = BENEATH_INIT };
	struct edit_how how = { -1, done, arg };
	int rc = 0;

	if (scan_init(&scan, project, SCAN_STAT, err) ||
	    plan_open_stage(project, &how.stage_fd, err))
		return -1;
	for (size_t i = 0; !rc && i < n; i++)
		rc = edit_path(&scan, paths[i], &how, err);
	close(how.stage_fd);
	return rc ? -1 : index_write(scan.index, err);
}
