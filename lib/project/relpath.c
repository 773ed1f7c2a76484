/* From what a user typed to a path of the project. */
#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "project/private.h"

/*
 * Resolves the folders of an absolute path that exist, as the kernel would, and leaves the rest
 * and always the last component as they are.
 */
static int resolve(const char *path, char **out, struct mlops_error *err)
{
	const char *base = path_base(path);

	if (!strcmp(path, "/")) {
		*out = xstrdup(path);
		return 0;
	}
	if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
		return fs_realpath(path, out, err);
	autofree char *dir = path_dir(path);
	autofree char *real = NULL;
	if (fs_realpath(dir, &real, err)) {
		if (err->kind != MLOPS_ENOTFOUND || fs_exists(dir))
			return -1;
		mlops_error_clear(err);
		if (resolve(dir, &real, err))
			return -1;
	}
	*out = path_join(real, base);
	return 0;
}

bool project_is_private(const char *path)
{
	struct str rest = str_of(path);

	while (rest.n) {
		struct str part = str_split(rest, '/', &rest);

		if (str_eq(part, ".git") || str_eq(part, ".mlops"))
			return true;
	}
	return false;
}

static int outside(const struct project *p, const char *typed, const char *absolute,
		   struct mlops_error *err)
{
	autofree char *as_text = path_normalize(absolute);

	if (path_is_below(as_text, p->root))
		return err_set(err, MLOPS_EINVALID, "'%s' leaves the project through a symlink",
			       typed);
	return err_set(err, MLOPS_EINVALID, "'%s' is outside the project '%s'", typed, p->root);
}

static char *absolute_of(const char *typed, struct mlops_error *err)
{
	autofree char *cwd = NULL;

	if (*typed != '/' && fs_getcwd(&cwd, err))
		return NULL;
	char *path = path_join(cwd ? cwd : "", typed);
	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
		path[--n] = '\0';
	return path;
}

int mlops_project_relpath(const struct project *p, const char *typed, char **out,
			  struct mlops_error *err)
{
	autofree char *absolute = NULL;
	autofree char *real = NULL;

	if (!*typed)
		return err_set(err, MLOPS_EINVALID, "the path is empty");
	absolute = absolute_of(typed, err);
	if (!absolute || resolve(absolute, &real, err))
		return -1;
	if (!path_is_below(real, p->root))
		return outside(p, typed, absolute, err);
	const char *relative = real + strlen(p->root);
	relative += *relative == '/';
	if (*relative && !path_is_safe(relative))
		return err_set(err, MLOPS_EINVALID, "'%s' is no path that can be used", typed);
	if (project_is_private(relative))
		return err_set(err, MLOPS_EINVALID,
			       "'%s' lies in a folder that git or mlops keeps for itself", typed);
	*out = xstrdup(relative);
	return 0;
}
