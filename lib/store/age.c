/*
 * The age of an object, for which gc spares it: the mtime of its file, or of the pack that it is
 * in. Who wanted to store it and found it stored makes it young again.
 */
#include <fcntl.h>

#include "base/clock.h"
#include "base/fs.h"
#include "store/private.h"

#define RENEW_AFTER_MS INT64_C(300000) /* an age need not be exact to the minute */

static bool is_old(const struct stat *st)
{
	return st->st_mtim.tv_sec * INT64_C(1000) + RENEW_AFTER_MS < clock_now_ms();
}

/* A change of its stat data would make the index forget what the links to it hold. */
static bool renew_file(const char *path, bool linked_too)
{
	struct stat st;

	if (lstat(path, &st))
		return false;
	if (!is_old(&st) || (st.st_nlink > 1 && !linked_too))
		return true;
	return !utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

static bool renew_pack(struct store *s, struct pack *p, int fd)
{
	struct stat st;

	pthread_mutex_lock(&s->lock);
	if (!p->young)
		p->young = !fstat(fd, &st) && (!is_old(&st) || !futimens(fd, NULL));
	bool young = p->young;
	pthread_mutex_unlock(&s->lock);
	return young;
}

bool store_renew(struct store *s, const struct oid *oid, bool linked_too)
{
	struct place place;

	store_find(s, oid, false, &place);
	autofree char *path = place_path(s, &place);
	if (path)
		return renew_file(path, linked_too);
	if (place.kind == PLACE_PACK)
		return renew_pack(s, place.pack, place.fd);
	return place.kind == PLACE_OPEN;
}
