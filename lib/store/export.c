/* Writing objects out as files and symlinks: made under another name, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "store/private.h"

struct file_sink {
	int fd;
	const char *shown;
};

static int add_to_file(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct file_sink *f = arg;

	if (FAULT("store.export.write"))
		return err_sys(err, "cannot write '%s'", f->shown);
	return fs_write_all(f->fd, buf, n, f->shown, err);
}

/* Shares the blocks of a loose object where the file system can; else false. */
static bool reflink(struct store *s, const struct oid *oid, int to)
{
	autofree char *path = loose_path(s, oid);
	autoclose int from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return from >= 0 && !ioctl(to, FICLONE, from);
}

/*
 * A copy goes through us, not through copy_file_range(2): its bytes are hashed on their way, so that
 * an object that was damaged never becomes somebody's data.
 */
static int fill(struct store *s, const struct oid *oid, struct place *place, int fd,
		const char *shown, struct mlops_error *err)
{
	struct file_sink sink = { fd, shown };

	if (place->kind == PLACE_LOOSE && reflink(s, oid, fd))
		return 0;
	return store_stream(s, oid, place, add_to_file, &sink, err);
}

static bool hard_link(struct store *s, const struct oid *oid, int dir_fd, const char *tmp)
{
	autofree char *path = loose_path(s, oid);

	return !linkat(AT_FDCWD, path, dir_fd, tmp, 0);
}

/* What goes to a name: an object's bytes, or the symlink that they spell. */
struct outgoing {
	struct store *store;
	const struct oid *oid;
	const char *target; /* of the symlink; NULL for a file */
	mode_t mode;
	bool link; /* a hard link will do */
};

/* Writes the object under a name that nobody has; copies are checked against the object's name. */
static int write_new(const struct outgoing *e, struct place *place, int stage_fd, const char *tmp,
		     const char *shown, struct mlops_error *err)
{
	if (place->kind == PLACE_LOOSE && e->link && hard_link(e->store, e->oid, stage_fd, tmp))
		return 0;
	autoclose int fd = openat(stage_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, e->mode);
	if (fd < 0)
		return err_sys(err, "cannot write '%s'", shown);
	return fill(e->store, e->oid, place, fd, shown, err);
}

static int make_symlink(const char *target, int stage_fd, const char *tmp, const char *shown,
			struct mlops_error *err)
{
	if (symlinkat(target, stage_fd, tmp))
		return err_sys(err, "cannot make the symlink '%s'", shown);
	return 0;
}

static int make(const struct outgoing *e, int stage_fd, const char *tmp, const char *shown,
		struct mlops_error *err)
{
	struct place place;

	if (e->target)
		return make_symlink(e->target, stage_fd, tmp, shown, err);
	store_find(e->store, e->oid, true, &place);
	if (place.kind == PLACE_NONE)
		return store_missing(e->oid, err);
	return write_new(e, &place, stage_fd, tmp, shown, err);
}

/* *elsewhere: the folder it was made in is on another file system than its destination. */
static int make_and_rename(const struct outgoing *e, const struct store_dest *to, int stage_fd,
			   bool *elsewhere, struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(6)];
	autofree char *tmp = xasprintf(".mlops-%s.tmp", rand_hex(suffix, 6));
	int rc = make(e, stage_fd, tmp, to->shown, err);

	if (!rc &&
	    (FAULT("store.export.rename") || renameat(stage_fd, tmp, to->dir_fd, to->name))) {
		*elsewhere = errno == EXDEV;
		rc = err_sys(err, "cannot write '%s'", to->shown);
	}
	/* Renaming a link over another of the same file leaves both. */
	if (rc || e->store->hard_link)
		unlinkat(stage_fd, tmp, 0);
	return rc;
}

static int send_out(const struct outgoing *e, const struct store_dest *to, struct mlops_error *err)
{
	bool elsewhere = false;
	int rc = make_and_rename(e, to, to->stage_fd, &elsewhere, err);

	if (!rc || !elsewhere)
		return rc;
	mlops_error_clear(err);
	return make_and_rename(e, to, to->dir_fd, &elsewhere, err);
}

int store_export_at(struct store *s, const struct oid *oid, const struct store_dest *to,
		    mode_t mode, struct mlops_error *err)
{
	struct outgoing e = { .store = s, .oid = oid, .mode = mode };

	e.link = s->hard_link && !to->own && !(mode & 0111);
	return send_out(&e, to, err);
}

int store_export_symlink(struct store *s, const struct oid *oid, const struct store_dest *to,
			 struct mlops_error *err)
{
	struct outgoing e = { .store = s, .oid = oid };
	autofree char *target = NULL;
	size_t n;

	if (mlops_store_get(s, oid, PATH_MAX, &target, &n, err))
		return -1;
	if (strlen(target) != n)
		return err_set(err, MLOPS_ECORRUPT, "the symlink '%s' holds a NUL byte", to->shown);
	e.target = target;
	return send_out(&e, to, err);
}

int mlops_store_export(struct store *s, const struct oid *oid, const char *path, mode_t mode,
		       struct mlops_error *err)
{
	autofree char *dir = path_dir(path);
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open folder '%s'", dir);
	struct store_dest to = { fd, path_base(path), fd, path, false };
	return store_export_at(s, oid, &to, mode, err);
}
