/*
 * Preloaded into the program under test: makes calls that change files fail, and writes down all of
 * them, in order.
 *
 *	INJECT_UNDER=DIR   only files below this folder count
 *	INJECT_LOG=FILE    a line a call: its name and its file, and " = EIO" when it was made to fail
 *	INJECT=EIO:N       the N-th call fails, once
 *	INJECT=ENOSPC:N    the disk is full: of the calls that need space, the N-th and all after it fail
 *	INJECT=SHORT:N     the N-th write writes half of what it was given
 *
 * and lets another program do something to a file while it is read:
 *
 *	INJECT_READ=N:FILE before the N-th read of this file
 *	INJECT_DO=COMMAND  this is run, to its end
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT      __attribute__((visibility("default")))
#define REAL(name)  ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define NAME_LENGTH (2 * PATH_MAX)

enum needs { NEEDS_NOTHING, NEEDS_SPACE, NEEDS_WRITE }; /* what a call is counted as */

static void note(const char *call, const char *path, const char *outcome)
{
	const char *file = getenv("INJECT_LOG");
	char line[2 * NAME_LENGTH + 64];

	if (!file)
		return;
	int n = snprintf(line, sizeof(line), "%s %s%s\n", call, path, outcome);
	int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
	if (fd < 0 || syscall(SYS_write, fd, line, n) != n)
		abort();
	close(fd);
}

static bool is_ours(const char *path)
{
	const char *under = getenv("INJECT_UNDER");
	size_t n = under ? strlen(under) : 0;

	return n && !strncmp(path, under, n) && (path[n] == '/' || !path[n]);
}

/* Counts a call on a file of ours. True, with errno set, when it is to fail (or to be cut short). */
static bool hit(const char *call, enum needs needs, const char *path)
{
	static atomic_long count;
	const char *spec = getenv("INJECT"), *colon = spec ? strchr(spec, ':') : NULL;

	if (!is_ours(path))
		return false;
	bool full = colon && !strncmp(spec, "ENOSPC", 6), cut = colon && !strncmp(spec, "SHORT", 5);
	if (!colon || (full && needs == NEEDS_NOTHING) || (cut && needs != NEEDS_WRITE)) {
		note(call, path, "");
		return false;
	}
	long wanted = atol(colon + 1), now = ++count;
	bool yes = full ? now >= wanted : now == wanted;
	note(call, path, !yes ? "" : full ? " = ENOSPC" : cut ? " = SHORT" : " = EIO");
	if (yes)
		errno = full ? ENOSPC : EIO;
	return yes;
}

static void link_of(int fd, char *out)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, out, PATH_MAX - 1);
	out[n < 0 ? 0 : n] = '\0';
}

/* The path that a call at a folder means, complete. */
static const char *full_path(int dir_fd, const char *path, char *out)
{
	if (*path == '/')
		return path;
	if (dir_fd != AT_FDCWD)
		link_of(dir_fd, out);
	else if (!getcwd(out, PATH_MAX))
		*out = '\0';
	size_t n = strlen(out);
	snprintf(out + n, NAME_LENGTH - n, "/%s", path);
	return out;
}

static bool hit_at(const char *call, enum needs needs, int dir_fd, const char *path)
{
	char name[NAME_LENGTH];

	return hit(call, needs, full_path(dir_fd, path, name));
}

static bool hit_fd(const char *call, enum needs needs, int fd)
{
	char name[NAME_LENGTH];

	link_of(fd, name);
	return hit(call, needs, name);
}

static bool is_read_to_interrupt(int fd)
{
	static atomic_long count;
	const char *spec = getenv("INJECT_READ"), *colon = spec ? strchr(spec, ':') : NULL;
	char name[NAME_LENGTH];

	if (!colon)
		return false;
	link_of(fd, name);
	return !strcmp(name, colon + 1) && ++count == atol(spec);
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	char command[NAME_LENGTH];

	if (is_read_to_interrupt(fd)) {
		snprintf(command, sizeof(command), "unset LD_PRELOAD; %s", getenv("INJECT_DO"));
		if (system(command))
			abort();
		note("interrupted", getenv("INJECT_DO"), "");
	}
	return REAL(read)(fd, buf, n);
}

/* A write that is cut short is no failure: the caller has to go on with the rest. */
static bool fail_write(const char *call, int fd, size_t *n)
{
	const char *spec = getenv("INJECT");

	if (!hit_fd(call, NEEDS_WRITE, fd))
		return false;
	if (strncmp(spec, "SHORT", 5))
		return true;
	*n -= *n / 2;
	return false;
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	return fail_write("write", fd, &n) ? -1 : REAL(write)(fd, buf, n);
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	return fail_write("pwrite", fd, &n) ? -1 : REAL(pwrite)(fd, buf, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
	return fail_write("pwrite", fd, &n) ? -1 : REAL(pwrite64)(fd, buf, n, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *v, int n)
{
	return hit_fd("writev", NEEDS_SPACE, fd) ? -1 : REAL(writev)(fd, v, n);
}

EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n,
			       unsigned flags)
{
	return fail_write("copy_file_range", to, &n) ?
		       -1 :
		       REAL(copy_file_range)(from, from_at, to, to_at, n, flags);
}

EXPORT ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
	return fail_write("sendfile", to, &n) ? -1 : REAL(sendfile)(to, from, at, n);
}

EXPORT int fsync(int fd)
{
	return hit_fd("fsync", NEEDS_NOTHING, fd) ? -1 : REAL(fsync)(fd);
}

EXPORT int fdatasync(int fd)
{
	return hit_fd("fdatasync", NEEDS_NOTHING, fd) ? -1 : REAL(fdatasync)(fd);
}

EXPORT int syncfs(int fd)
{
	return hit_fd("syncfs", NEEDS_NOTHING, fd) ? -1 : REAL(syncfs)(fd);
}

EXPORT int ftruncate(int fd, off_t n)
{
	return hit_fd("ftruncate", NEEDS_SPACE, fd) ? -1 : REAL(ftruncate)(fd, n);
}

EXPORT int ftruncate64(int fd, off64_t n)
{
	return hit_fd("ftruncate", NEEDS_SPACE, fd) ? -1 : REAL(ftruncate64)(fd, n);
}

EXPORT int fallocate(int fd, int mode, off_t at, off_t n)
{
	return hit_fd("fallocate", NEEDS_SPACE, fd) ? -1 : REAL(fallocate)(fd, mode, at, n);
}

EXPORT int posix_fallocate(int fd, off_t at, off_t n)
{
	return hit_fd("fallocate", NEEDS_SPACE, fd) ? errno : REAL(posix_fallocate)(fd, at, n);
}

static bool hit_two(const char *call, enum needs needs, int from_fd, const char *from, int to_fd,
		    const char *to)
{
	char one[NAME_LENGTH], two[NAME_LENGTH], both[2 * NAME_LENGTH];

	snprintf(both, sizeof(both), "%s -> %s", full_path(from_fd, from, one),
		 full_path(to_fd, to, two));
	return hit(call, needs, both);
}

EXPORT int rename(const char *from, const char *to)
{
	return hit_two("rename", NEEDS_NOTHING, AT_FDCWD, from, AT_FDCWD, to) ?
		       -1 :
		       REAL(rename)(from, to);
}

EXPORT int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return hit_two("rename", NEEDS_NOTHING, from_fd, from, to_fd, to) ?
		       -1 :
		       REAL(renameat)(from_fd, from, to_fd, to);
}

EXPORT int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return hit_two("rename", NEEDS_NOTHING, from_fd, from, to_fd, to) ?
		       -1 :
		       REAL(renameat2)(from_fd, from, to_fd, to, flags);
}

EXPORT int link(const char *from, const char *to)
{
	return hit_at("link", NEEDS_SPACE, AT_FDCWD, to) ? -1 : REAL(link)(from, to);
}

EXPORT int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return hit_at("link", NEEDS_SPACE, to_fd, to) ?
		       -1 :
		       REAL(linkat)(from_fd, from, to_fd, to, flags);
}

EXPORT int symlinkat(const char *target, int dir_fd, const char *path)
{
	return hit_at("symlink", NEEDS_SPACE, dir_fd, path) ? -1 :
							      REAL(symlinkat)(target, dir_fd, path);
}

/* A folder that is made is noted once more, for many are there already. */
static int made(int rc, int dir_fd, const char *path)
{
	char name[NAME_LENGTH];

	path = full_path(dir_fd, path, name);
	if (!rc && is_ours(path))
		note("made", path, "");
	return rc;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	return hit_at("mkdir", NEEDS_SPACE, AT_FDCWD, path) ?
		       -1 :
		       made(REAL(mkdir)(path, mode), AT_FDCWD, path);
}

EXPORT int mkdirat(int dir_fd, const char *path, mode_t mode)
{
	return hit_at("mkdir", NEEDS_SPACE, dir_fd, path) ?
		       -1 :
		       made(REAL(mkdirat)(dir_fd, path, mode), dir_fd, path);
}

/* What is removed is noted and never refused, or nothing could be tidied up. */
static int removed(int rc, int dir_fd, const char *path)
{
	char name[NAME_LENGTH];

	path = full_path(dir_fd, path, name);
	if (!rc && is_ours(path))
		note("unlink", path, "");
	return rc;
}

EXPORT int unlink(const char *path)
{
	return removed(REAL(unlink)(path), AT_FDCWD, path);
}

EXPORT int unlinkat(int dir_fd, const char *path, int flags)
{
	return removed(REAL(unlinkat)(dir_fd, path, flags), dir_fd, path);
}

/* Only opening that may create a file counts. */
static bool fail_open(int dir_fd, const char *path, int flags)
{
	return flags & O_CREAT && hit_at("create", NEEDS_SPACE, dir_fd, path);
}

#define OPEN(name, dir_fd, params, args)                                                           \
	EXPORT int name params                                                                     \
	{                                                                                          \
		mode_t mode = 0;                                                                   \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		if (flags & (O_CREAT | __O_TMPFILE))                                               \
			mode = va_arg(ap, mode_t);                                                 \
		va_end(ap);                                                                        \
		return fail_open(dir_fd, path, flags) ? -1 : REAL(name) args;                      \
	}

OPEN(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, at, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, at, (int at, const char *path, int flags, ...), (at, path, flags, mode))
