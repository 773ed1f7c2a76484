/* Pointers against what git has of them. */
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/pointer.h"

struct asker {
	const char *const *paths;
	size_t n;
	int (*fn)(const struct pointer_status *s, void *arg, struct mlops_error *err);
	void *arg;
};

static enum status_kind kind_of(enum git_file_state state)
{
	switch (state) {
	case GIT_FILE_ADDED:
		return STATUS_ADDED;
	case GIT_FILE_DELETED:
		return STATUS_DELETED;
	case GIT_FILE_MODIFIED:
		return STATUS_MODIFIED;
	default:
		return STATUS_CLEAN;
	}
}

static bool is_asked_for(const struct asker *a, const char *file, const char *data)
{
	for (size_t i = 0; i < a->n; i++)
		if (!*a->paths[i] || !strcmp(a->paths[i], file) ||
		    path_is_below(data, a->paths[i]) || path_is_below(a->paths[i], data))
			return true;
	return !a->n;
}

static int tell(const struct git_file_status *s, void *arg, struct mlops_error *err)
{
	const struct asker *a = arg;
	autofree char *data = NULL;

	if (!pointer_is_name(path_base(s->path)) || project_is_private(s->path))
		return 0;
	data = xstrndup(s->path, strlen(s->path) - strlen(POINTER_SUFFIX));
	if (!is_asked_for(a, s->path, data))
		return 0;
	const struct pointer_status status = { data, kind_of(s->staged), kind_of(s->unstaged) };
	return a->fn(&status, a->arg, err);
}

int mlops_pointer_status(struct project *project, const char *const *paths, size_t n,
			 int (*fn)(const struct pointer_status *s, void *arg,
				   struct mlops_error *err),
			 void *arg, struct mlops_error *err)
{
	struct asker asker = { paths, n, fn, arg };
	struct git_repo *git;

	if (project_git(project, &git, err))
		return -1;
	return git_each_status(git, "*" POINTER_SUFFIX, tell, &asker, err);
}
