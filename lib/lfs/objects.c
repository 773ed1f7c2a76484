/*
 * Objects as git-lfs keeps them: whole files <storage>/objects/ab/cd/<name>, written beside, in
 * <storage>/tmp, and renamed. What is small is not written at all when it is there.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/hash.h"
#include "lfs/lfs.h"

#define HELD_MAX ((size_t)1 << 20)

char *lfs_object_path(const struct lfs *l, const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	return xasprintf("%s/objects/%.2s/%.2s/%s", l->storage, hex, hex + 2, hex);
}

bool lfs_has(const struct lfs *l, const struct oid *oid, uint64_t size)
{
	autofree char *path = lfs_object_path(l, oid);
	struct stat st;

	return !size || (!stat(path, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size);
}

int lfs_open_object(struct lfs *l, const struct lfs_pointer *p, int *fd, struct mlops_error *err)
{
	autofree char *path = lfs_object_path(l, &p->oid);
	autoclose int found = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (found < 0 && errno != ENOENT)
		return err_sys(err, "cannot read '%s'", path);
	if (found < 0 || fstat(found, &st) || (uint64_t)st.st_size != p->size)
		return err_set(err, MLOPS_ENOTFOUND, "the object is not here");
	*fd = steal_fd(&found);
	return 0;
}

int lfs_tmp_open(const struct lfs *l, char **tmp, struct mlops_error *err)
{
	char random[RAND_HEX_SIZE(8)];
	autofree char *dir = path_join(l->storage, "tmp");
	autofree char *path = xasprintf("%s/mlops-%s", dir, rand_hex(random, 8));
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == ENOENT && !fs_mkdirs(dir, err))
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err->kind ? -1 : err_sys(err, "cannot write '%s'", path);
	fs_share(fd, dir);
	*tmp = steal_ptr(&path);
	return fd;
}

int lfs_tmp_keep(const struct lfs *l, const char *tmp, const struct lfs_pointer *p,
		 struct mlops_error *err)
{
	autofree char *path = lfs_object_path(l, &p->oid);

	if (lfs_has(l, &p->oid, p->size)) {
		unlink(tmp);
		return 0;
	}
	if (FAULT("lfs.rename"))
		return err_sys(err, "cannot write '%s'", path);
	if (!rename(tmp, path))
		return 0;
	if (errno == ENOENT && fs_mkdirs_for(path, err))
		return -1;
	return rename(tmp, path) ? err_sys(err, "cannot write '%s'", path) : 0;
}

void lfs_writer_init(struct lfs_writer *w, struct lfs *l)
{
	*w = (struct lfs_writer){ .lfs = l, .fd = -1 };
}

static void drop(struct lfs_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	if (w->tmp)
		unlink(w->tmp);
	free(steal_ptr(&w->tmp));
	strbuf_trunc(&w->held, 0);
	w->size = 0;
}

void lfs_writer_clear(struct lfs_writer *w)
{
	drop(w);
	hasher_free(w->hasher);
	strbuf_clear(&w->held);
}

int lfs_writer_begin(struct lfs_writer *w, struct mlops_error *err)
{
	drop(w);
	if (!w->hasher)
		return hasher_new(&w->hasher, err);
	hasher_reset(w->hasher);
	return 0;
}

/* What was held so far goes to a file. */
static int spill(struct lfs_writer *w, struct mlops_error *err)
{
	w->fd = lfs_tmp_open(w->lfs, &w->tmp, err);
	if (w->fd < 0 || fs_write_all(w->fd, w->held.buf, w->held.len, w->tmp, err))
		return -1;
	strbuf_trunc(&w->held, 0);
	return 0;
}

int lfs_writer_add(struct lfs_writer *w, const void *buf, size_t n, struct mlops_error *err)
{
	hasher_update(w->hasher, buf, n);
	w->size += n;
	if (w->fd < 0 && n > HELD_MAX - w->held.len && spill(w, err))
		return -1;
	if (w->fd >= 0)
		return fs_write_all(w->fd, buf, n, w->tmp, err);
	strbuf_add(&w->held, buf, n);
	return 0;
}

static int keep(struct lfs_writer *w, const struct lfs_pointer *p, struct mlops_error *err)
{
	if (lfs_has(w->lfs, &p->oid, p->size)) {
		drop(w);
		return 0;
	}
	if ((w->fd < 0 && spill(w, err)) || lfs_tmp_keep(w->lfs, w->tmp, p, err))
		return -1;
	w->wrote = true;
	free(steal_ptr(&w->tmp));
	drop(w);
	return 0;
}

int lfs_writer_commit(struct lfs_writer *w, struct lfs_pointer *out, struct mlops_error *err)
{
	struct lfs_pointer p = { .size = w->size };

	hasher_final(w->hasher, &p.oid);
	if (keep(w, &p, err))
		return -1;
	*out = p;
	return 0;
}

int lfs_writer_commit_as(struct lfs_writer *w, const struct lfs_pointer *p, struct mlops_error *err)
{
	struct oid got;

	hasher_final(w->hasher, &got);
	if (!mlops_oid_equal(&got, &p->oid))
		return err_set(err, MLOPS_ECORRUPT, "what came is not what its name says");
	return keep(w, p, err);
}

int lfs_objects_sync(const struct lfs *l, struct mlops_error *err)
{
	autofree char *dir = path_join(l->storage, "objects");

	return fs_is_dir(dir) ? fs_sync_all(dir, err) : 0;
}
