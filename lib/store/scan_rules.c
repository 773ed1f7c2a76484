/* The .mlopsignore files that bear on what a scan goes through. */
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "store/scan.h"

static int read_rules(struct scan *s, int fd, const char *folder, const char *shown,
		      struct mlops_error *err)
{
	autofree char *text = NULL;
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", shown);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > IGNORES_MAX)
		return err_set(err, MLOPS_EINVALID, "'%s' is no file of at most %zu bytes", shown,
			       IGNORES_MAX);
	text = xmalloc((size_t)st.st_size + 1);
	if (fs_pread_all(fd, text, (size_t)st.st_size, 0, shown, err))
		return -1;
	ignores_add(&s->ignores, folder, (struct str){ text, (size_t)st.st_size });
	return 0;
}

int scan_rules_in(struct scan *s, int dir_fd, const char *folder, struct mlops_error *err)
{
	autofree char *shown = path_join(folder, IGNORES_NAME);

	if (map_put(&s->asked, folder, s))
		return 0;
	autoclose int fd =
		openat(dir_fd, IGNORES_NAME, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return read_rules(s, fd, folder, shown, err);
	return errno == ENOENT ? 0 : err_sys(err, "cannot open '%s'", shown);
}

int scan_rules_above(struct scan *s, const char *path, struct mlops_error *err)
{
	for (const char *c = path; c && *c; c = strchr(c + 1, '/')) {
		autofree char *folder = xstrndup(path, (size_t)(c - path));
		autofree char *inside = path_join(folder, IGNORES_NAME);
		int fd;

		if (map_get(&s->asked, folder))
			continue;
		if (beneath_parent(&s->beneath, inside, false, &fd, err) ||
		    scan_rules_in(s, fd, folder, err))
			return -1;
	}
	return 0;
}

bool scan_ignores(const struct scan *s, const char *path, bool is_folder)
{
	return ignores_match(&s->ignores, path, is_folder);
}
