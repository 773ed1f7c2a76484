/* Opening one, and cutting it to where it can be gone on from. */
#include "store/part.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "store/output.h"

#define KEPT_DAYS 7

static int part_path(struct store *s, const struct oid *oid, char **out, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *tmp = NULL;

	if (store_tmp_dir(s, &tmp, err))
		return -1;
	autofree char *dir = path_join(tmp, "parts");
	if (fs_mkdirs_synced(dir, err))
		return -1;
	fs_sweep(dir, KEPT_DAYS);
	*out = path_join(dir, mlops_oid_hex(oid, hex));
	return 0;
}

/* The one that had it until now may have made it the object. */
static bool is_still_there(int fd, const char *path, struct stat *st)
{
	struct stat there;

	return !fstat(fd, st) && !lstat(path, &there) && there.st_ino == st->st_ino &&
	       there.st_dev == st->st_dev;
}

/* What ends in the middle of a block goes; one byte at least is left to be got. */
static int cut(struct part *p, const struct stat *st, uint64_t size, struct mlops_error *err)
{
	p->have = (uint64_t)st->st_size < size ? (uint64_t)st->st_size : size - 1;
	p->have -= p->have % OUTPUT_ALIGN;
	if (ftruncate(p->fd, (off_t)p->have))
		return err_sys(err, "cannot write '%s'", p->path);
	return 0;
}

int part_open(struct store *s, const struct oid *oid, uint64_t size, struct part *out,
	      struct mlops_error *err)
{
	autofree char *path = NULL;
	autoerr taken = ERR_INIT;
	struct stat st;

	*out = (struct part){ .fd = -1 };
	if (part_path(s, oid, &path, err))
		return -1;
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || fs_lock_fd(fd, FS_LOCK_EXCLUSIVE, 0, path, &taken) ||
	    !is_still_there(fd, path, &st) || !S_ISREG(st.st_mode))
		return 0;
	struct part p = { .fd = fd, .path = path };
	if (cut(&p, &st, size, err))
		return -1;
	steal_fd(&fd);
	steal_ptr(&path);
	*out = p;
	return 0;
}
