/* Files in the place of pointers, without git's filter: no byte goes through a pipe. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "lfs/lfs.h"

/* A pointer to another object is a change of the user's, as any other content is. */
static int holds_pointer(const char *full, const struct lfs_pointer *p, bool *yes, mode_t *mode,
			 struct mlops_error *err)
{
	char text[LFS_POINTER_MAX];
	struct lfs_pointer found;
	struct stat st;
	size_t n;

	*yes = false;
	autoclose int fd = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		*yes = true;
		return 0;
	}
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR || errno == EACCES ?
			       0 :
			       err_sys(err, "cannot read '%s'", full);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size >= LFS_POINTER_MAX)
		return 0;
	if (fs_read_some(fd, text, sizeof(text), full, &n, err))
		return -1;
	*mode = st.st_mode & 0777;
	*yes = lfs_pointer_parse(text, n, &found) && mlops_oid_equal(&found.oid, &p->oid);
	return 0;
}

static int fill(struct lfs *l, int to, const struct lfs_pointer *p, const char *shown,
		struct mlops_error *err)
{
	autoclose int from = -1;

	if (!p->size)
		return 0;
	return lfs_open_object(l, p, &from, err) || fs_copy(from, to, shown, err) ? -1 : 0;
}

/* A folder of the path that is a symlink would lead out of the work tree. */
static int check_folders(const struct lfs *l, const char *path, struct mlops_error *err)
{
	autofree char *part = xstrdup(path);

	if (!path_is_safe(path))
		return err_set(err, MLOPS_EINVALID, "'%s' is no path of a work tree", path);
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;

		*slash = '\0';
		autofree char *full = path_join(l->top, part);
		if (!lstat(full, &st) && !S_ISDIR(st.st_mode))
			return err_set(err, MLOPS_EINVALID, "'%s' is in the way of '%s'", part,
				       path);
		*slash = '/';
	}
	return 0;
}

int lfs_place(struct lfs *l, const struct lfs_found *f, bool *wrote, struct mlops_error *err)
{
	const char *path = f->path;
	char random[RAND_HEX_SIZE(8)];
	autofree char *full = path_join(l->top, path), *dir = path_dir(full);
	autofree char *tmp = xasprintf("%s/.mlops-%s.tmp", dir, rand_hex(random, 8));
	mode_t mode = f->executable ? 0777 : 0666;

	if (check_folders(l, path, err) || holds_pointer(full, &f->pointer, wrote, &mode, err))
		return -1;
	if (!*wrote)
		return 0;
	if (fs_mkdirs(dir, err))
		return -1;
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	int rc = fill(l, fd, &f->pointer, path, err);
	if (!rc && (FAULT("lfs.place") || rename(tmp, full)))
		rc = err_sys(err, "cannot write '%s'", path);
	if (rc)
		unlink(tmp);
	return rc;
}
