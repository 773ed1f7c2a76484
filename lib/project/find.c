/* The projects of a repository, which may be folders of it. */
#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"

#define FORMAT "/.mlops/format"

struct find {
	const char *top;
	int (*fn)(const char *root, void *arg, struct mlops_error *err);
	void *arg;
};

/* What git knows need not be in the work tree. */
static int found(const char *file, void *arg, struct mlops_error *err)
{
	const struct find *f = arg;
	autofree char *folder = xstrndup(file, strlen(file) - strlen(FORMAT));
	autofree char *root = path_join(f->top, folder);
	autofree char *format = path_join(f->top, file);

	return fs_exists(format) ? f->fn(root, f->arg, err) : 0;
}

int mlops_projects_each(const char *top,
			int (*fn)(const char *root, void *arg, struct mlops_error *err), void *arg,
			struct mlops_error *err)
{
	autofree char *real = NULL;
	autofree char *format = xasprintf("%s%s", top, FORMAT);
	struct git_repo *repo;

	if (fs_exists(format))
		return fn(top, arg, err);
	if (fs_realpath(top, &real, err) || git_open(real, &repo, err))
		return -1;
	struct find f = { real, fn, arg };
	int rc = git_staged_each(repo, FORMAT, found, &f, err);
	git_free(repo);
	return rc;
}
