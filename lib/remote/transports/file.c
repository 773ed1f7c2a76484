/*
 * A remote in a folder (a disk, a network mount). Objects are written under tmp/, made durable,
 * and renamed into place, so that what is at its place is whole, however many write at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <time.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/rand.h"
#include "remote/transport.h"

#define FORMAT_FILE    "mlops-remote"
#define FORMAT_TEXT    "version 1\n"
#define FORMAT_VERSION 1
#define BUFFER         ((size_t)256 << 10)
#define SYNC_WHOLE     32 /* from so many files on, one sync of the file system costs less */
#define STALE_SECONDS  (24 * 60 * 60)

struct folder {
	char *name, *root, *tmp;
	const struct layout *layout;
	_Atomic uint64_t *moved;
	atomic_bool prepared;
};

static int folder_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	const char *path = str_starts(how->url, "file://") ? how->url + 7 : how->url;

	if (*path != '/')
		return err_set(err, MLOPS_EINVALID, "'%s' names no absolute path", how->url);
	struct folder *f = xcalloc(1, sizeof(*f));
	f->name = xstrdup(how->name);
	f->root = path_normalize(path);
	f->tmp = path_join(f->root, "tmp");
	f->layout = how->layout;
	f->moved = how->moved;
	*conn = f;
	return 0;
}

static void folder_close(void *conn)
{
	struct folder *f = conn;

	free(f->name);
	free(f->root);
	free(f->tmp);
	free(f);
}

static char *object_path(const struct folder *f, const struct oid *oid)
{
	char key[LAYOUT_KEY_SIZE];

	f->layout->key(oid, key);
	return path_join(f->root, key);
}

static int check_format(const struct folder *f, struct mlops_error *err)
{
	autofree char *path = path_join(f->root, FORMAT_FILE);
	autobuf text = { 0 };
	uint64_t version;

	if (fs_read(path, 4096, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	struct str value = str_trim(str_of(text.buf ? text.buf : ""));
	autofree char *number = xstrndup(value.p, value.n);
	if (!str_starts(number, "version ") || !num_parse_u64(number + 8, &version))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged", path);
	if (version > FORMAT_VERSION)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' has format %llu, newer than this program knows (%d)",
			       f->name, (unsigned long long)version, FORMAT_VERSION);
	return 0;
}

static int folder_check(void *conn, struct mlops_error *err)
{
	struct folder *f = conn;

	if (fs_is_dir(f->root))
		return check_format(f, err);
	err_set(err, MLOPS_EREMOTE, "the folder of remote '%s' is not there: '%s'", f->name,
		f->root);
	return err_hint(err, "is it mounted? A first push makes the folder, but none above it");
}

/* A remote that nothing was pushed to yet is empty; one whose parent is gone is out of reach. */
static int folder_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		      struct mlops_error *err)
{
	struct folder *f = conn;
	autofree char *parent = path_dir(f->root);

	if (fs_is_dir(parent) && !fs_exists(f->root)) {
		memset(present, 0, n * sizeof(*present));
		return 0;
	}
	if (folder_check(f, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		autofree char *path = object_path(f, &items[i].oid);
		struct stat st;

		present[i] = !stat(path, &st) && S_ISREG(st.st_mode) &&
			     (items[i].size == REMOTE_SIZE_UNKNOWN ||
			      (uint64_t)st.st_size == items[i].size);
	}
	return 0;
}

static int send_file(struct folder *f, int fd, const char *path, const struct frame_sink *sink,
		     struct mlops_error *err)
{
	autofree char *buf = xmalloc(BUFFER);
	ssize_t n;

	while ((n = read(fd, buf, BUFFER)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || FAULT("remote.read"))
			return err_sys(err, "cannot read '%s'", path);
		if (sink->piece(buf, (size_t)n, sink->arg, err))
			return -1;
		*f->moved += (uint64_t)n;
	}
	return sink->end(sink->arg, err);
}

static int get_one(struct folder *f, const struct remote_item *item, const struct frame_sink *sink,
		   struct mlops_error *err)
{
	autofree char *path = object_path(f, &item->oid);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is not a file", path);
	if (sink->begin(&item->oid, (uint64_t)st.st_size, sink->arg, err))
		return -1;
	return send_file(f, fd, path, sink, err);
}

static int folder_get(void *conn, const struct remote_item *items, size_t n,
		      const struct frame_sink *sink, struct mlops_error *err)
{
	if (folder_check(conn, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (get_one(conn, &items[i], sink, err))
			return -1;
	return 0;
}

static int remove_stale(const char *name, void *arg, struct mlops_error *err)
{
	struct folder *f = arg;
	autofree char *path = path_join(f->tmp, name);
	struct stat st;

	(void)err;
	if (!lstat(path, &st) && S_ISREG(st.st_mode) && st.st_mtime + STALE_SECONDS < time(NULL))
		unlink(path);
	return 0;
}

/* Makes the folder at the first push. The one above must be there: it may be a mount. */
static int prepare(struct folder *f, struct mlops_error *err)
{
	autofree char *format = path_join(f->root, FORMAT_FILE);
	autofree char *objects = path_join(f->root, "objects");

	if (atomic_load(&f->prepared))
		return 0;
	if (mkdir(f->root, 0777) && errno != EEXIST)
		return err_set(err, MLOPS_EREMOTE,
			       "cannot make the folder of remote '%s', '%s': %s", f->name, f->root,
			       strerror(errno));
	if (check_format(f, err) || fs_mkdirs(objects, err) || fs_mkdirs(f->tmp, err))
		return -1;
	if (!fs_exists(format) &&
	    fs_write_atomic(format, FORMAT_TEXT, strlen(FORMAT_TEXT), 0666, err))
		return -1;
	if (fs_each_name(f->tmp, remove_stale, f, err))
		return -1;
	atomic_store(&f->prepared, true);
	return 0;
}

static int copy_source(struct folder *f, const struct remote_source *src, int to, const char *path,
		       struct mlops_error *err)
{
	autofree char *buf = xmalloc(BUFFER);
	for (uint64_t at = 0; at < src->size;) {
		size_t n = src->size - at < BUFFER ? (size_t)(src->size - at) : BUFFER;

		if (remote_source_read(src, at, buf, n, err) || fs_write_all(to, buf, n, path, err))
			return -1;
		at += n;
		*f->moved += n;
	}
	return 0;
}

static int write_temp(struct folder *f, const struct remote_item *item,
		      const struct remote_provider *from, bool sync, char **out,
		      struct mlops_error *err)
{
	autosource src = { .fd = -1 };
	char id[RAND_HEX_SIZE(16)];

	if (from->open(item, &src, from->arg, err))
		return -1;
	*out = path_join(f->tmp, rand_hex(id, 16));
	autoclose int fd = open(*out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || FAULT("remote.write"))
		return err_sys(err, "cannot write '%s'", *out);
	if (copy_source(f, &src, fd, *out, err))
		return -1;
	if (sync && (FAULT("remote.sync") || fsync(fd)))
		return err_sys(err, "cannot write '%s'", *out);
	return 0;
}

static int sync_whole(const struct folder *f, struct mlops_error *err)
{
	autoclose int fd = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || FAULT("remote.sync") || syncfs(fd))
		return err_sys(err, "cannot write to '%s'", f->root);
	return 0;
}

static int move_into_place(const char *tmp, const char *path, bool sync, struct mlops_error *err)
{
	autofree char *folder = path_dir(path), *above = path_dir(folder);

	if (fs_mkdirs(folder, err))
		return -1;
	if (FAULT("remote.rename") || rename(tmp, path))
		return err_sys(err, "cannot rename '%s' to '%s'", tmp, path);
	return sync ? fs_sync_dir(folder, err) || fs_sync_dir(above, err) ? -1 : 0 : 0;
}

static int put_batch(struct folder *f, const struct remote_item *items, size_t n,
		     const struct remote_provider *from, char **tmp, struct mlops_error *err)
{
	bool each = n < SYNC_WHOLE;

	for (size_t i = 0; i < n; i++)
		if (write_temp(f, &items[i], from, each, &tmp[i], err))
			return -1;
	if (!each && sync_whole(f, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		autofree char *path = object_path(f, &items[i].oid);

		if (move_into_place(tmp[i], path, each, err))
			return -1;
		free(steal_ptr(&tmp[i]));
	}
	return each ? 0 : sync_whole(f, err);
}

static int folder_put(void *conn, const struct remote_item *items, size_t n,
		      const struct remote_provider *from, struct mlops_error *err)
{
	autofree char **tmp = xcalloc(n, sizeof(*tmp));

	if (prepare(conn, err))
		return -1;
	int rc = put_batch(conn, items, n, from, tmp, err);
	for (size_t i = 0; i < n; i++) {
		if (tmp[i])
			unlink(tmp[i]);
		free(tmp[i]);
	}
	return rc;
}

const struct transport transport_file = {
	.schemes = { "file" },
	.open = folder_open,
	.close = folder_close,
	.check = folder_check,
	.has = folder_has,
	.get = folder_get,
	.put = folder_put,
};
