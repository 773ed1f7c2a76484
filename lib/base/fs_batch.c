/* Writing, then syncing, then renaming, each for all files. */
#include "base/fs_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/rand.h"

/* Fewer are synced one by one: what else the file system has to write would take longer. */
#define MANY     16
#define MAX_FILE ((size_t)1 << 30)

int fs_batch_add(struct fs_batch *b, const char *path, const void *buf, size_t n, mode_t mode,
		 struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(8)];
	autofree char *tmp = xasprintf("%s/.batch.%s.tmp", b->tmp_dir, rand_hex(suffix, 8));
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	vec_push(&b->files, { steal_ptr(&tmp), xstrdup(path) });
	return fs_write_all(fd, buf, n, path, err);
}

static int sync_one(const char *path, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || FAULT("fs.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", path);
	return 0;
}

static int sync_files(const struct fs_batch *b, struct mlops_error *err)
{
	if (b->files.n < MANY) {
		for (size_t i = 0; i < b->files.n; i++)
			if (sync_one(b->files.v[i].tmp, err))
				return -1;
		return 0;
	}
	return fs_sync_all(b->tmp_dir, err);
}

/* A file whose place is on another file system is made there. */
static int copy_over(struct fs_batch_file *f, struct mlops_error *err)
{
	autobuf text = { 0 };
	struct stat st;

	if (stat(f->tmp, &st))
		return err_sys(err, "cannot read '%s'", f->tmp);
	if (fs_read(f->tmp, MAX_FILE, &text, err) ||
	    fs_write_atomic(f->path, text.buf, text.len, st.st_mode & 0777, err))
		return -1;
	unlink(f->tmp);
	return 0;
}

static int rename_one(struct fs_batch_file *f, struct mlops_error *err)
{
	if (FAULT("fs.rename"))
		return err_sys(err, "cannot write '%s'", f->path);
	if (rename(f->tmp, f->path) && (errno != EXDEV || copy_over(f, err)))
		return err->kind ? -1 : err_sys(err, "cannot write '%s'", f->path);
	free(steal_ptr(&f->tmp));
	return 0;
}

int fs_batch_commit(struct fs_batch *b, struct mlops_error *err)
{
	automap folders = { 0 };

	if (sync_files(b, err))
		return -1;
	for (size_t i = 0; i < b->files.n; i++) {
		autofree char *dir = path_dir(b->files.v[i].path);

		if (rename_one(&b->files.v[i], err))
			return -1;
		map_put(&folders, dir, b);
	}
	for (size_t i = 0; i < folders.n; i++)
		if (fs_sync_dir(folders.v[i].key, err))
			return -1;
	return 0;
}

void fs_batch_clear(struct fs_batch *b)
{
	for (size_t i = 0; i < b->files.n; i++) {
		if (b->files.v[i].tmp)
			unlink(b->files.v[i].tmp);
		free(b->files.v[i].tmp);
		free(b->files.v[i].path);
	}
	vec_free(&b->files);
}
