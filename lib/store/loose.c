/* Loose objects: one read-only file each, in loose/ab/cdef..., whole and uncompressed. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/hex.h"
#include "base/path.h"
#include "base/rand.h"
#include "store/private.h"

char *loose_path(const struct store *s, const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	return xasprintf("%s/loose/%.2s/%s", s->dir, hex, hex + 2);
}

static int note_fan(const char *name, void *arg, struct mlops_error *err)
{
	struct oid oid = { 0 };

	(void)err;
	if (strlen(name) == 2 && hex_decode(oid.sha256, 1, name))
		loose_note(arg, &oid);
	return 0;
}

void loose_note(struct store *s, const struct oid *oid)
{
	uint8_t fan = oid->sha256[0];

	atomic_fetch_or(&s->fans[fan / 8], (unsigned char)(1 << fan % 8));
}

bool loose_may_have(struct store *s, const struct oid *oid)
{
	uint8_t fan = oid->sha256[0];

	if (!s->fans_known) {
		autofree char *dir = path_join(s->dir, "loose");
		autoerr absent = ERR_INIT;

		fs_each_name(dir, note_fan, s, &absent);
		s->fans_known = true;
	}
	return s->fans[fan / 8] >> fan % 8 & 1;
}

bool loose_find(const char *path, uint64_t *size)
{
	struct stat st;

	if (lstat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

int store_tmp_dir(struct store *s, char **out, struct mlops_error *err)
{
	autofree char *tmp = path_join(s->dir, "tmp");

	if (fs_mkdirs_synced(tmp, err))
		return -1;
	if (!atomic_exchange(&s->swept, true)) /* the lock may be held */
		fs_sweep(tmp, 1);
	*out = steal_ptr(&tmp);
	return 0;
}

int loose_create(struct store *s, char **path, int *fd, struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(8)];
	autofree char *dir = NULL;

	if (store_tmp_dir(s, &dir, err))
		return -1;
	autofree char *tmp = xasprintf("%s/loose-%s", dir, rand_hex(suffix, 8));
	int opened = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (opened < 0)
		return err_sys(err, "cannot write '%s'", tmp);
	fs_share(opened, dir);
	*path = steal_ptr(&tmp);
	*fd = opened;
	return 0;
}

int loose_commit(int fd, const char *tmp, const char *path, struct mlops_error *err)
{
	autofree char *dir = path_dir(path);

	if (FAULT("store.loose.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", tmp);
	if (fs_mkdirs_synced(dir, err))
		return -1;
	if (FAULT("store.loose.rename") || rename(tmp, path))
		return err_sys(err, "cannot write '%s'", path);
	if (!fs_sync_dir(dir, err))
		return 0;
	unlink(path); /* not surely durable, so it must not count as being there */
	return -1;
}

int loose_put(struct store *s, const void *buf, size_t n, const struct oid *name, const char *path,
	      struct mlops_error *err)
{
	autofree char *tmp = NULL;
	autoclose int fd = -1;

	if (loose_create(s, &tmp, &fd, err))
		return -1;
	if (fs_write_all(fd, buf, n, tmp, err) || loose_commit(fd, tmp, path, err)) {
		unlink(tmp);
		return -1;
	}
	loose_note(s, name);
	return 0;
}
