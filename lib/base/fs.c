/* Whole files, atomic replacement, folders and locks. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"

#define DAY_SECONDS   (24 * 3600)
#define COPY          ((size_t)256 << 10)
#define TELL_AFTER_MS 1000 /* of waiting for a lock */
#define MAX_PAUSE_MS  8    /* between two tries */

int fs_read(const char *path, size_t max, struct strbuf *out, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t start = out->len;

	if (fd < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		err_sys(err, "cannot open '%s'", path);
		if (missing)
			err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	for (;;) {
		strbuf_reserve(out, 16 << 10);
		ssize_t n = read(fd, out->buf + out->len, out->cap - out->len - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read '%s'", path);
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
		if (out->len - start > max)
			return err_set(err, MLOPS_EINVALID, "'%s' is larger than %zu bytes", path,
				       max);
		if (!n)
			return 0;
	}
}

int fs_pread_all(int fd, void *buf, size_t n, uint64_t offset, const char *path,
		 struct mlops_error *err)
{
	char *p = buf;

	while (n) {
		ssize_t got = pread(fd, p, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read '%s'", path);
		if (!got)
			return err_set(err, MLOPS_ECORRUPT, "'%s' ends too early", path);
		p += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

int fs_read_some(int fd, void *buf, size_t n, const char *path, size_t *got,
		 struct mlops_error *err)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = read(fd, (char *)buf + have, n - have);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(err, "cannot read '%s'", path);
		if (!r)
			break;
		have += (size_t)r;
	}
	*got = have;
	return 0;
}

int fs_write_all(int fd, const void *buf, size_t n, const char *path, struct mlops_error *err)
{
	const char *p = buf;

	while (n) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_sys(err, "cannot write '%s'", path);
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int fs_copy(int from, int to, const char *shown, struct mlops_error *err)
{
	autofree char *piece = NULL;
	size_t n;

	if (!ioctl(to, FICLONE, from))
		return 0;
	piece = xmalloc(COPY);
	do {
		if (fs_read_some(from, piece, COPY, shown, &n, err) ||
		    fs_write_all(to, piece, n, shown, err))
			return -1;
	} while (n);
	return 0;
}

int fs_sync_all(const char *dir, struct mlops_error *err)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || FAULT("fs.sync") || syncfs(fd))
		return err_sys(err, "cannot make '%s' durable", dir);
	return 0;
}

int fs_sync_dir(const char *dir, struct mlops_error *err)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		return err_sys(err, "cannot sync folder '%s'", dir);
	return 0;
}

int fs_rename(const char *from, const char *to, struct mlops_error *err)
{
	autofree char *dir = path_dir(to);

	if (FAULT("fs.rename") || rename(from, to))
		return err_sys(err, "cannot rename '%s' to '%s'", from, to);
	return fs_sync_dir(dir, err);
}

static int write_temporary(int fd, const char *tmp, const void *buf, size_t n,
			   struct mlops_error *err)
{
	if (fs_write_all(fd, buf, n, tmp, err))
		return -1;
	if (FAULT("fs.sync") || fsync(fd))
		return err_sys(err, "cannot sync '%s'", tmp);
	return 0;
}

int fs_write_atomic_via(const char *tmp_dir, const char *path, const void *buf, size_t n,
			mode_t mode, struct mlops_error *err)
{
	char suffix[RAND_HEX_SIZE(6)];
	autofree char *dir = path_dir(path);
	autofree char *tmp =
		xasprintf("%s/.%.200s.%s.tmp", tmp_dir, path_base(path), rand_hex(suffix, 6));
	autoclose int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", path);
	errno = 0;
	if (!write_temporary(fd, tmp, buf, n, err) && !fs_rename(tmp, path, err))
		return 0;
	bool elsewhere = errno == EXDEV && strcmp(tmp_dir, dir);
	unlink(tmp);
	return elsewhere ? fs_write_atomic(path, buf, n, mode, err) : -1;
}

int fs_write_atomic(const char *path, const void *buf, size_t n, mode_t mode,
		    struct mlops_error *err)
{
	autofree char *dir = path_dir(path);

	return fs_write_atomic_via(dir, path, buf, n, mode, err);
}

struct sweep {
	const char *dir;
	time_t before;
};

static int drop_if_old(const char *name, void *arg, struct mlops_error *err)
{
	const struct sweep *s = arg;
	autofree char *path = path_join(s->dir, name);
	struct stat st;

	(void)err;
	if (!lstat(path, &st) && S_ISREG(st.st_mode) && st.st_mtime < s->before)
		unlink(path);
	return 0;
}

void fs_sweep(const char *tmp_dir, int days)
{
	struct sweep s = { tmp_dir, time(NULL) - (time_t)days * DAY_SECONDS };
	autoerr ignored = ERR_INIT;

	fs_each_name(tmp_dir, drop_if_old, &s, &ignored);
}

int fs_mkdirs(const char *dir, struct mlops_error *err)
{
	if (!mkdir(dir, 0777) || (errno == EEXIST && fs_is_dir(dir)))
		return 0;
	if (errno == ENOENT) {
		autofree char *parent = path_dir(dir);

		if (strcmp(parent, dir) && !fs_mkdirs(parent, err) &&
		    (!mkdir(dir, 0777) || errno == EEXIST))
			return 0;
		if (err->kind)
			return -1;
	}
	return err_sys(err, "cannot create folder '%s'", dir);
}

void fs_share(int fd, const char *dir)
{
	struct stat parent, st;

	if (stat(dir, &parent) || !(parent.st_mode & S_IWGRP) || fstat(fd, &st))
		return;
	mode_t mode = st.st_mode | (st.st_mode & S_IRWXU) >> 3;
	if (S_ISDIR(st.st_mode))
		mode |= S_ISGID;
	if (mode != st.st_mode)
		fchmod(fd, mode & 07777); /* of another user: he has done so himself */
}

static void share_dir(const char *dir, const char *parent)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fs_share(fd, parent);
}

int fs_mkdirs_synced(const char *dir, struct mlops_error *err)
{
	autofree char *parent = path_dir(dir);

	if (fs_is_dir(dir))
		return 0;
	if (strcmp(parent, dir) && fs_mkdirs_synced(parent, err))
		return -1;
	if (mkdir(dir, 0777) && errno != EEXIST)
		return err_sys(err, "cannot create folder '%s'", dir);
	share_dir(dir, parent);
	if (!fs_sync_dir(parent, err))
		return 0;
	rmdir(dir); /* not surely durable, so it must not count as being there */
	return -1;
}

int fs_mkdirs_for(const char *file, struct mlops_error *err)
{
	autofree char *dir = path_dir(file);

	return fs_mkdirs(dir, err);
}

static int remove_at(int parent, const char *name, const char *shown, struct mlops_error *err)
{
	if (!unlinkat(parent, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "cannot remove '%s'", shown);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) /* another process removes it too */
		return 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		err_sys(err, "cannot remove '%s'", shown);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int rc = 0;
	for (struct dirent *e; !rc && (e = readdir(d));) {
		if (!path_is_safe_name(e->d_name, strlen(e->d_name)))
			continue;
		autofree char *child = path_join(shown, e->d_name);

		rc = remove_at(fd, e->d_name, child, err);
	}
	closedir(d);
	if (!rc && unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT)
		return err_sys(err, "cannot remove folder '%s'", shown);
	return rc;
}

int fs_remove_tree(const char *path, struct mlops_error *err)
{
	return remove_at(AT_FDCWD, path, path, err);
}

void fs_remove_empty_dirs(const char *dir, const char *stop)
{
	autofree char *at = xstrdup(dir);

	while (strcmp(at, stop) && path_is_below(at, stop) && !rmdir(at)) {
		char *parent = path_dir(at);

		free(at);
		at = parent;
	}
}

bool fs_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int fs_realpath(const char *path, char **out, struct mlops_error *err)
{
	char *real = realpath(path, NULL);

	if (!real) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		err_sys(err, "cannot resolve '%s'", path);
		if (missing)
			err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	*out = real;
	return 0;
}

int fs_getcwd(char **out, struct mlops_error *err)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd)
		return err_sys(err, "cannot tell the current folder");
	*out = cwd;
	return 0;
}

int fs_each_name(const char *dir, int (*fn)(const char *, void *, struct mlops_error *), void *arg,
		 struct mlops_error *err)
{
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d) {
		bool missing = errno == ENOENT;

		err_sys(err, "cannot list folder '%s'", dir);
		if (missing)
			err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	for (struct dirent *e; !rc && (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			rc = fn(e->d_name, arg, err);
	closedir(d);
	return rc;
}

static unsigned char type_of(int dir_fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN || fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return e->d_type;
	return IFTODT(st.st_mode);
}

int fs_each_entry(int dir_fd, const char *shown,
		  int (*fn)(const struct fs_entry *, void *, struct mlops_error *), void *arg,
		  struct mlops_error *err)
{
	int own = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0), rc = 0;
	DIR *d = own < 0 ? NULL : fdopendir(own);

	if (!d) {
		err_sys(err, "cannot list folder '%s'", shown);
		if (own >= 0)
			close(own);
		return -1;
	}
	rewinddir(d); /* the position is shared with dir_fd */
	for (struct dirent *e; !rc && (errno = 0, e = readdir(d));) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		struct fs_entry entry = { e->d_name, type_of(dir_fd, e), e->d_ino };
		rc = fn(&entry, arg, err);
	}
	if (!rc && errno)
		rc = err_sys(err, "cannot list folder '%s'", shown);
	closedir(d);
	return rc;
}

int fs_lock_fd(int fd, enum fs_lock_kind kind, int64_t timeout_ms, const char *shown,
	       struct mlops_error *err)
{
	int op = (kind == FS_LOCK_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB;
	int64_t start = clock_mono_ms(), pause_ms = 1;
	bool told = false;

	while (flock(fd, op)) {
		int64_t waited = clock_mono_ms() - start;

		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(err, "cannot lock '%s'", shown);
		if (waited >= timeout_ms)
			return err_set(err, MLOPS_ELOCKED, "'%s' is locked by another process",
				       shown);
		if (waited >= TELL_AFTER_MS && !told)
			log_info("waiting for another process, which has locked '%s'", shown);
		told = told || waited >= TELL_AFTER_MS;
		clock_sleep_ms(pause_ms);
		pause_ms = pause_ms < MAX_PAUSE_MS ? pause_ms * 2 : MAX_PAUSE_MS;
	}
	return 0;
}

int fs_lock(const char *path, enum fs_lock_kind kind, int64_t timeout_ms, int *out,
	    struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EACCES) /* another user's: reading is enough to lock it */
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open lock '%s'", path);
	autofree char *dir = path_dir(path);
	fs_share(fd, dir);
	if (fs_lock_fd(fd, kind, timeout_ms, path, err))
		return -1;
	*out = steal_fd(&fd);
	return 0;
}

int fs_socket_path(const char *path, int *dir_fd, char **out, struct mlops_error *err)
{
	struct sockaddr_un sa;

	*dir_fd = -1;
	if (strlen(path) < sizeof(sa.sun_path)) {
		*out = xstrdup(path);
		return 0;
	}
	autofree char *dir = path_dir(path);
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open folder '%s'", dir);
	*dir_fd = fd;
	*out = xasprintf("/proc/self/fd/%d/%s", fd, path_base(path));
	return 0;
}
