/*
 * A remote in a folder (a disk, a network mount). What is put is written under tmp/, made durable,
 * and renamed into place, so that what is at its place is whole, however many write at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <time.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/rand.h"
#include "remote/transport.h"

#define TMP           "tmp"
#define BUFFER        ((size_t)256 << 10)
#define SYNC_WHOLE    32 /* from so many files on, one sync of the file system costs less */
#define WRITERS       4  /* threads that write files side by side from then on */
#define STALE_SECONDS (24 * 60 * 60)

struct folder {
	char *name, *root, *tmp;
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
	f->tmp = path_join(f->root, TMP);
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

static int folder_check(void *conn, struct mlops_error *err)
{
	struct folder *f = conn;

	if (fs_is_dir(f->root))
		return 0;
	err_set(err, MLOPS_EREMOTE, "the folder of remote '%s' is not there: '%s'", f->name,
		f->root);
	return err_hint(err, "is it mounted? A first push makes the folder, but none above it");
}

/* A remote that nothing was pushed to yet is empty; one whose parent is gone is out of reach. */
static int check_absent(struct folder *f, struct mlops_error *err)
{
	autofree char *parent = path_dir(f->root);

	return fs_is_dir(parent) && !fs_exists(f->root) ? 0 : folder_check(f, err);
}

static int64_t mtime_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int folder_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	struct folder *f = conn;
	autofree char *path = path_join(f->root, key);
	struct stat st;

	if (stat(path, &st)) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(err, "cannot look at '%s'", path);
		*out = (struct key_info){ 0 };
		return check_absent(f, err);
	}
	*out = (struct key_info){ S_ISREG(st.st_mode), (uint64_t)st.st_size, mtime_ms(&st) };
	return 0;
}

static int no_such_key(struct folder *f, const char *path, struct mlops_error *err)
{
	return folder_check(f, err) ? -1 : err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", path);
}

static int send_range(struct folder *f, int fd, struct byte_range range, const char *path,
		      const struct byte_sink *sink, struct mlops_error *err)
{
	autofree char *buf = xmalloc(BUFFER);
	off_t at = (off_t)range.from;

	for (uint64_t left = range.n; left;) {
		ssize_t n = pread(fd, buf, left < BUFFER ? (size_t)left : BUFFER, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || FAULT("remote.read"))
			return err_sys(err, "cannot read '%s'", path);
		if (!n)
			return 0;
		if (sink->piece(buf, (size_t)n, sink->arg, err))
			return -1;
		at += n;
		left -= (uint64_t)n;
		*f->moved += (uint64_t)n;
	}
	return 0;
}

static int folder_get(void *conn, const char *key, struct byte_range range,
		      const struct byte_sink *sink, struct mlops_error *err)
{
	struct folder *f = conn;
	autofree char *path = path_join(f->root, key);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return no_such_key(f, path, err);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is not a file", path);
	if (range.from > (uint64_t)st.st_size)
		return 0;
	return send_range(f, fd, range, path, sink, err);
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
	autofree char *above = path_dir(f->root);

	if (atomic_load(&f->prepared))
		return 0;
	if (mkdir(f->root, 0777) && errno != EEXIST)
		return err_set(err, MLOPS_EREMOTE,
			       "cannot make the folder of remote '%s', '%s': %s", f->name, f->root,
			       strerror(errno));
	if (fs_sync_dir(above, err) || fs_mkdirs(f->tmp, err) ||
	    fs_each_name(f->tmp, remove_stale, f, err))
		return -1;
	atomic_store(&f->prepared, true);
	return 0;
}

static int copy_source(struct folder *f, const struct remote_source *src, int to, const char *path,
		       struct mlops_error *err)
{
	size_t room = src->size < BUFFER ? (size_t)src->size : BUFFER;
	autofree char *buf = xmalloc(room + 1);

	for (uint64_t at = 0; at < src->size;) {
		size_t n = src->size - at < room ? (size_t)(src->size - at) : room;

		if (remote_source_read(src, at, buf, n, err) || fs_write_all(to, buf, n, path, err))
			return -1;
		at += n;
		*f->moved += n;
	}
	return 0;
}

static int write_temp(struct folder *f, const struct key_put *put, bool sync, char **out,
		      struct mlops_error *err)
{
	char id[RAND_HEX_SIZE(16)];

	*out = path_join(f->tmp, rand_hex(id, 16));
	autoclose int fd = open(*out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || FAULT("remote.write"))
		return err_sys(err, "cannot write '%s'", *out);
	if (copy_source(f, put->from, fd, *out, err))
		return -1;
	if (sync && (FAULT("remote.sync") || fsync(fd)))
		return err_sys(err, "cannot write '%s'", *out);
	return 0;
}

static int place(const char *tmp, const char *path, bool if_absent, struct mlops_error *err)
{
	if (!if_absent) {
		if (FAULT("remote.rename") || rename(tmp, path))
			return err_sys(err, "cannot rename '%s' to '%s'", tmp, path);
		return 0;
	}
	if (!link(tmp, path))
		return unlink(tmp) ? err_sys(err, "cannot remove '%s'", tmp) : 0;
	if (errno == EEXIST)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", path);
	return err_sys(err, "cannot link '%s' to '%s'", tmp, path);
}

/* `made` is a set of folders that are there. */
static int move_into_place(const struct folder *f, const struct key_put *put, const char *tmp,
			   bool sync, struct map *made, struct mlops_error *err)
{
	autofree char *path = path_join(f->root, put->key), *folder = path_dir(path);

	if (!map_put(made, folder, made) &&
	    (sync ? fs_mkdirs_synced(folder, err) : fs_mkdirs(folder, err)))
		return -1;
	if (place(tmp, path, put->if_absent, err))
		return -1;
	return sync ? fs_sync_dir(folder, err) : 0;
}

struct batch {
	struct folder *folder;
	const struct key_put *puts;
	char **tmp;
	bool each; /* is made durable by itself */
};

static int write_one(size_t i, void *arg, struct mlops_error *err)
{
	const struct batch *b = arg;

	return write_temp(b->folder, &b->puts[i], b->each, &b->tmp[i], err);
}

static int put_batch(struct folder *f, const struct key_put *puts, size_t n, char **tmp,
		     struct mlops_error *err)
{
	bool each = n < SYNC_WHOLE;
	struct batch batch = { f, puts, tmp, each };
	automap made = { 0 };

	if (pool_each(each ? 1 : WRITERS, n, write_one, &batch, err))
		return -1;
	if (!each && fs_sync_all(f->root, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (move_into_place(f, &puts[i], tmp[i], each, &made, err))
			return -1;
		free(steal_ptr(&tmp[i]));
	}
	return each ? 0 : fs_sync_all(f->root, err);
}

static int folder_put_many(void *conn, const struct key_put *puts, size_t n,
			   struct mlops_error *err)
{
	autofree char **tmp = xcalloc(n, sizeof(*tmp));

	if (prepare(conn, err))
		return -1;
	int rc = put_batch(conn, puts, n, tmp, err);
	for (size_t i = 0; i < n; i++) {
		if (tmp[i])
			unlink(tmp[i]);
		free(tmp[i]);
	}
	return rc;
}

static int folder_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	return folder_put_many(conn, put, 1, err);
}

static int folder_remove(void *conn, const char *key, struct mlops_error *err)
{
	struct folder *f = conn;
	autofree char *path = path_join(f->root, key);

	if (!unlink(path) || errno == ENOENT || errno == ENOTDIR)
		return check_absent(f, err);
	return err_sys(err, "cannot remove '%s'", path);
}

struct walk {
	struct folder *folder;
	int (*fn)(const char *key, const struct key_info *info, void *arg, struct mlops_error *);
	void *arg;
	const char *dir; /* the key of the folder that is read, "" for the root */
};

static int walk_dir(struct walk *w, const char *dir, struct mlops_error *err);

static int walk_name(const char *name, void *arg, struct mlops_error *err)
{
	struct walk *w = arg;
	const char *dir = w->dir;
	autofree char *key = path_join(dir, name), *path = path_join(w->folder->root, key);
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at '%s'", path);
	if (S_ISREG(st.st_mode)) {
		const struct key_info info = { true, (uint64_t)st.st_size, mtime_ms(&st) };

		return w->fn(key, &info, w->arg, err);
	}
	if (!S_ISDIR(st.st_mode) || !strcmp(key, TMP))
		return 0;
	int rc = walk_dir(w, key, err);
	w->dir = dir;
	return rc;
}

static int walk_dir(struct walk *w, const char *dir, struct mlops_error *err)
{
	autofree char *path = path_join(w->folder->root, dir);

	w->dir = dir;
	return fs_each_name(path, walk_name, w, err);
}

static int folder_list(void *conn, const char *prefix,
		       int (*fn)(const char *, const struct key_info *, void *,
				 struct mlops_error *),
		       void *arg, struct mlops_error *err)
{
	size_t n = strlen(prefix);
	autofree char *dir = xstrndup(prefix, n && prefix[n - 1] == '/' ? n - 1 : n);
	struct walk w = { .folder = conn, .fn = fn, .arg = arg };
	autofree char *path = path_join(w.folder->root, dir);

	if (!fs_is_dir(path))
		return check_absent(conn, err);
	return walk_dir(&w, dir, err);
}

const struct transport transport_file = {
	.schemes = { "file" },
	.help = "PATH or file://PATH, a folder",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST | TRANSPORT_IF_ABSENT,
	.open = folder_open,
	.close = folder_close,
	.check = folder_check,
	.stat = folder_stat,
	.get = folder_get,
	.put = folder_put,
	.put_many = folder_put_many,
	.remove = folder_remove,
	.list = folder_list,
};
