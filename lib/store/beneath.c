/* One openat(2) a folder, each refusing symlinks; the last folder is kept, for its siblings. */
#include "store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/str.h"

int beneath_open(struct beneath *b, const char *root, struct mlops_error *err)
{
	b->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return b->root_fd < 0 ? err_sys(err, "cannot open folder '%s'", root) : 0;
}

void beneath_forget(struct beneath *b)
{
	if (b->last_fd >= 0)
		close(steal_fd(&b->last_fd));
	free(steal_ptr(&b->last));
}

void beneath_close(struct beneath *b)
{
	beneath_forget(b);
	if (b->root_fd >= 0)
		close(steal_fd(&b->root_fd));
}

int beneath_step(int parent, const char *name, const char *shown, struct mlops_error *err)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOTDIR || errno == ELOOP)
		return err_set(err, MLOPS_EINVALID, "'%s' is not a folder", shown);
	bool absent = errno == ENOENT;
	err_sys(err, "cannot open folder '%s'", shown);
	if (absent)
		err->kind = MLOPS_ENOTFOUND;
	return -1;
}

static int walk(struct beneath *b, const char *dir, bool make, int *out, struct mlops_error *err)
{
	autoclose int at = fcntl(b->root_fd, F_DUPFD_CLOEXEC, 0);
	struct str rest = str_of(dir);

	if (at < 0)
		return err_sys(err, "cannot open folder '%s'", dir);
	while (rest.n) {
		struct str part = str_split(rest, '/', &rest);
		autofree char *name = xstrndup(part.p, part.n);
		autofree char *shown = xstrndup(dir, (size_t)(part.p + part.n - dir));

		if (make && mkdirat(at, name, 0777) && errno != EEXIST)
			return err_sys(err, "cannot create folder '%s'", shown);
		int below = beneath_step(at, name, shown, err);
		if (below < 0)
			return -1;
		close(at);
		at = below;
	}
	*out = steal_fd(&at);
	return 0;
}

int beneath_parent(struct beneath *b, const char *path, bool make, int *fd, struct mlops_error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	int found = -1;

	if (!b->last || strcmp(b->last, dir)) {
		if (walk(b, dir, make, &found, err))
			return -1;
		beneath_forget(b);
		b->last_fd = found;
		b->last = steal_ptr(&dir);
	}
	*fd = b->last_fd;
	return 0;
}
