/*
 * Files that one person alone may change. Which locks are ours is noted in <storage>/cache/mlops-locks, a
 * line "ID PATH" each, so that a checkout need not ask the server which lockable files are to be
 * writable.
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "lfs/lfs.h"
#include "remote/lfs/lfs.h"

#define MAX_NOTES ((size_t)64 << 20)

/* ---- the notes ---- */

static char *notes_path(const struct lfs *l)
{
	return path_join(l->storage, "cache/mlops-locks");
}

static int read_notes(const struct lfs *l, struct map *by_path, struct mlops_error *err)
{
	autofree char *path = notes_path(l);
	autobuf text = { 0 };
	struct str rest, of;

	if (fs_read(path, MAX_NOTES, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	for (rest = (struct str){ text.buf, text.len }; rest.n;) {
		struct str line = str_split(rest, '\n', &rest), id = str_split(line, ' ', &of);
		autofree char *name = xstrndup(of.p, of.n);

		if (of.n)
			free(map_put(by_path, name, xstrndup(id.p, id.n)));
	}
	return 0;
}

/* `id` NULL: no lock any more. */
static int note(const struct lfs *l, const char *path, const char *id, struct mlops_error *err)
{
	autofree char *file = notes_path(l);
	struct map notes = { 0 };
	autobuf text = { 0 };

	int rc = read_notes(l, &notes, err);
	if (!rc && (id || map_get(&notes, path)))
		free(map_put(&notes, path, id ? xstrdup(id) : NULL));
	for (size_t i = 0; i < notes.n; i++)
		if (notes.v[i].value && !strchr(notes.v[i].key, '\n'))
			strbuf_addf(&text, "%s %s\n", (char *)notes.v[i].value, notes.v[i].key);
	map_clear_values(&notes, free);
	if (rc || fs_mkdirs_for(file, err))
		return -1;
	return fs_write_atomic(file, text.buf ? text.buf : "", text.len, 0666, err);
}

/* ---- rights of files ---- */

static int set_writable(const struct lfs *l, const char *path, bool writable,
			struct mlops_error *err)
{
	autofree char *full = path_join(l->top, path);
	struct stat st;

	if (lstat(full, &st) || !S_ISREG(st.st_mode))
		return 0;
	mode_t mode = writable ? st.st_mode | 0200 : st.st_mode & ~(mode_t)0222;
	if ((mode & 07777) == (st.st_mode & 07777))
		return 0;
	return chmod(full, mode & 07777) ? err_sys(err, "cannot change the rights of '%s'", path) :
					   0;
}

static int find_lockable(const struct lfs_pattern *p, void *arg, struct mlops_error *err)
{
	(void)err;
	*(bool *)arg |= p->lockable;
	return 0;
}

struct protection {
	const struct lfs *lfs;
	const struct map *ours;
};

static int protect_one(char *path, size_t n, void *arg, struct mlops_error *err)
{
	const struct protection *p = arg;

	(void)n;
	return set_writable(p->lfs, path, map_get(p->ours, path) != NULL, err);
}

static int protect(struct lfs *l, const char *only, struct mlops_error *err)
{
	autofree char *one = only ? xasprintf(":(top,literal,attr:lockable)%s", only) : NULL;
	const char *const argv[] = { "git", "ls-files", "-z", "--", one ? one : ":(attr:lockable)",
				     NULL };
	struct map ours = { 0 };
	struct protection p = { l, &ours };
	bool any = false;

	if (!l->top || !lfs_setting_bool(l, "lfs.setlockablereadonly", true))
		return 0;
	if (mlops_lfs_patterns(l, find_lockable, &any, err))
		return -1;
	if (!any)
		return 0;
	int rc = read_notes(l, &ours, err);
	if (!rc)
		rc = lfs_git_each(l, argv, -1, '\0', protect_one, &p, NULL, err);
	map_clear_values(&ours, free);
	return rc;
}

int mlops_lfs_protect(struct lfs *l, struct mlops_error *err)
{
	return protect(l, NULL, err);
}

/* ---- with the server ---- */

static int open_server(struct lfs *l, const char *remote, struct lfs_remote **out,
		       struct mlops_error *err)
{
	if (lfs_remote_open(l, remote, true, NULL, out, err))
		return -1;
	return (*out)->server ? 0 :
				err_set(err, MLOPS_EINVALID,
					"remote '%s' is a folder, and has no locks", (*out)->name);
}

static int tell(const struct lfs_lock *lock, int ours, lfs_lock_fn fn, void *arg,
		struct mlops_error *err)
{
	const struct lfs_lock_entry e = { lock->id, lock->path, lock->owner, lock->locked_at,
					  ours };

	return fn(&e, arg, err);
}

int mlops_lfs_lock(struct lfs *l, const char *remote, const char *typed, lfs_lock_fn fn, void *arg,
		   struct mlops_error *err)
{
	autolfsremote *r = NULL;
	autofree char *path = NULL;
	struct lfs_locks made = { 0 };

	if (lfs_path_of(l, typed, &path, err) || open_server(l, remote, &r, err))
		return -1;
	autofree char *full = path_join(l->top, path);
	if (fs_is_dir(full))
		return err_set(err, MLOPS_EINVALID, "'%s' is a folder; files are locked", typed);
	int rc = lfs_lock_make(r->server, path, &made, err) || note(l, path, made.v[0].id, err) ||
		 set_writable(l, path, true, err) || tell(&made.v[0], 1, fn, arg, err);
	lfs_locks_clear(&made);
	return rc ? -1 : 0;
}

/* Whether git sees changes in it that are not committed. */
static int see(char *record, size_t n, void *arg, struct mlops_error *err)
{
	(void)record, (void)n, (void)err;
	*(bool *)arg = true;
	return 0;
}

static int check_clean(struct lfs *l, const char *path, struct mlops_error *err)
{
	autofree char *spec = xasprintf(":(top,literal)%s", path);
	const char *const argv[] = { "git", "status", "--porcelain", "-z", "--", spec, NULL };
	bool changed = false;

	if (lfs_git_each(l, argv, -1, '\0', see, &changed, NULL, err))
		return -1;
	if (!changed)
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' has changes that are not committed", path);
	return err_hint(err, "unlock it all the same with --force");
}

static int find_lock(struct lfs_remote *r, const char *path, const char *id,
		     struct lfs_locks *found, struct mlops_error *err)
{
	if (lfs_locks_list(r->server, path, id, 1, found, err))
		return -1;
	return found->n ?
		       0 :
		       err_set(err, MLOPS_ENOTFOUND, "there is no lock of '%s'", path ? path : id);
}

int mlops_lfs_unlock(struct lfs *l, const char *remote, const char *typed, const char *id,
		     bool force, struct mlops_error *err)
{
	autolfsremote *r = NULL;
	autofree char *path = NULL;
	struct lfs_locks found = { 0 };

	if ((typed && lfs_path_of(l, typed, &path, err)) || open_server(l, remote, &r, err))
		return -1;
	int rc = find_lock(r, path, id, &found, err);
	if (!rc && !force)
		rc = check_clean(l, found.v[0].path, err);
	if (!rc)
		rc = lfs_lock_remove(r->server, found.v[0].id, force, err);
	if (!rc)
		rc = note(l, found.v[0].path, NULL, err) || protect(l, found.v[0].path, err);
	lfs_locks_clear(&found);
	return rc ? -1 : 0;
}

int mlops_lfs_locks(struct lfs *l, const char *remote, const char *typed, const char *id,
		    bool verify, lfs_lock_fn fn, void *arg, struct mlops_error *err)
{
	autolfsremote *r = NULL;
	autofree char *path = NULL;
	struct lfs_locks found = { 0 };
	bool supported = true;

	if ((typed && lfs_path_of(l, typed, &path, err)) || open_server(l, remote, &r, err))
		return -1;
	int rc = verify ? lfs_locks_verify(r->server, &supported, &found, err) :
			  lfs_locks_list(r->server, path, id, 0, &found, err);
	if (!rc && !supported)
		rc = err_set(err, MLOPS_EINVALID, "remote '%s' knows no locks", r->name);
	for (size_t i = 0; !rc && i < found.n; i++) {
		const struct lfs_lock *lock = &found.v[i];

		if ((path && strcmp(path, lock->path)) || (id && strcmp(id, lock->id)))
			continue;
		rc = tell(lock, verify ? lock->ours : -1, fn, arg, err);
	}
	lfs_locks_clear(&found);
	return rc;
}
