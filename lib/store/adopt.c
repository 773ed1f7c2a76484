/*
 * Storing a large file without a second copy of its bytes: a clone of its blocks, or the file
 * itself as the object. The latter must be safe from those who have it open, so nobody may when it
 * is made read-only: a read lease (fcntl(2)) tells, and is broken when that changes.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "base/path.h"
#include "base/rand.h"
#include "store/private.h"

static bool lease(int fd)
{
	/* The signal of a lease that is being broken; its default is to do nothing. */
	return !fcntl(fd, F_SETSIG, SIGURG) && !fcntl(fd, F_SETLEASE, F_RDLCK);
}

static bool is_leased(int fd)
{
	return fcntl(fd, F_GETLEASE) == F_RDLCK;
}

/* Names an open file in tmp/; false where it is on another file system. */
static bool link_to(struct store *s, int fd, char **tmp)
{
	char suffix[RAND_HEX_SIZE(8)];
	autofree char *from = xasprintf("/proc/self/fd/%d", fd);
	autofree char *dir = NULL;
	autoerr err = ERR_INIT;

	if (store_tmp_dir(s, &dir, &err))
		return false;
	*tmp = xasprintf("%s/loose-%s", dir, rand_hex(suffix, 8));
	return !linkat(AT_FDCWD, from, AT_FDCWD, *tmp, AT_SYMLINK_FOLLOW);
}

/* Makes the file the object at `path`, with the time of one that was put now. */
static int become(struct store *s, int fd, const char *path, bool *adopted, struct mlops_error *err)
{
	autofree char *tmp = NULL;

	if (!is_leased(fd) || !link_to(s, fd, &tmp))
		return 0;
	bool failed = futimens(fd, NULL);
	int rc = failed ? 0 : loose_commit(fd, tmp, path, err);
	*adopted = !failed && !rc;
	if (!*adopted)
		unlink(tmp);
	return rc;
}

/* *done: the object is here now, or was already; *adopted: it is this file. */
static int adopt_leased(struct store *s, int fd, const char *shown, struct oid *out, bool *done,
			bool *adopted, struct mlops_error *err)
{
	struct place place;
	struct stat st;
	struct oid oid;

	if (fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", shown);
	if (store_hash_file(s, fd, shown, &st, &oid, err))
		return -1;
	store_find(s, &oid, true, &place);
	autofree char *path = loose_path(s, &oid);
	if (place.kind == PLACE_NONE && become(s, fd, path, adopted, err))
		return -1;
	if (*adopted)
		loose_note(s, &oid);
	*done = *adopted || place.kind != PLACE_NONE;
	if (*done)
		*out = oid;
	return 0;
}

/* What is not adopted keeps its mode, and is read from its start again. */
static int adopt_file(struct store *s, int fd, const char *shown, struct stat *st, struct oid *out,
		      bool *done, struct mlops_error *err)
{
	bool adopted = false;
	int rc = 0;

	if (st->st_nlink > 1 || fchmod(fd, 0444))
		return 0;
	if (lease(fd))
		rc = adopt_leased(s, fd, shown, out, done, &adopted, err);
	if (!adopted && (fchmod(fd, st->st_mode & 07777) || lseek(fd, 0, SEEK_SET)))
		rc = err_sys(err, "cannot leave '%s' as it was", shown);
	fcntl(fd, F_SETLEASE, F_UNLCK);
	if (!rc && fstat(fd, st))
		rc = err_sys(err, "cannot read '%s'", shown);
	return rc;
}

/* The clone does not change when the file does, so what is hashed is what is stored. */
static int clone_file(struct store *s, int fd, const char *shown, struct oid *out, bool *done,
		      struct mlops_error *err)
{
	autofree char *tmp = NULL;
	autoclose int to = -1;
	struct stat st;
	struct oid oid;

	if (loose_create(s, &tmp, &to, err))
		return -1;
	if (ioctl(to, FICLONE, fd)) {
		unlink(tmp);
		return 0;
	}
	int rc = fstat(to, &st) ? err_sys(err, "cannot read '%s'", shown) :
				  store_hash_file(s, to, shown, &st, &oid, err);
	autofree char *path = rc ? NULL : loose_path(s, &oid);
	if (rc || loose_commit(to, tmp, path, err)) {
		unlink(tmp);
		return -1;
	}
	loose_note(s, &oid);
	*out = oid;
	*done = true;
	return 0;
}

int store_adopt(struct store *s, int fd, const char *shown, struct stat *st, struct oid *out,
		bool *done, struct mlops_error *err)
{
	*done = false;
	if (s->sealed)
		return 0;
	if (!s->hard_link)
		return clone_file(s, fd, shown, out, done, err);
	return st->st_mode & 0111 ? 0 : adopt_file(s, fd, shown, st, out, done, err);
}

void store_move_in(struct store *s)
{
	s->adopt = true;
}

bool store_holds_twice(const struct store *s)
{
	return s->twice && !(s->hard_link && !s->sealed);
}
