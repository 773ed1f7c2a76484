/* How files that match a pattern differ between HEAD, git's index and the work tree. */
#include "git/private.h"

static enum git_file_state staged_state(unsigned flags)
{
	if (flags & GIT_STATUS_INDEX_NEW)
		return GIT_FILE_ADDED;
	if (flags & GIT_STATUS_INDEX_DELETED)
		return GIT_FILE_DELETED;
	if (flags & (GIT_STATUS_INDEX_MODIFIED | GIT_STATUS_INDEX_TYPECHANGE))
		return GIT_FILE_MODIFIED;
	return GIT_FILE_SAME;
}

static enum git_file_state unstaged_state(unsigned flags)
{
	if (flags & GIT_STATUS_WT_NEW)
		return GIT_FILE_ADDED;
	if (flags & GIT_STATUS_WT_DELETED)
		return GIT_FILE_DELETED;
	if (flags & (GIT_STATUS_WT_MODIFIED | GIT_STATUS_WT_TYPECHANGE | GIT_STATUS_CONFLICTED))
		return GIT_FILE_MODIFIED;
	return GIT_FILE_SAME;
}

struct each_status {
	const char *prefix;
	int (*fn)(const struct git_file_status *s, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error *err;
	int rc; /* what fn returned */
};

static int each_status(const char *path, unsigned flags, void *payload)
{
	struct each_status *e = payload;
	const struct git_file_status s = { path + strlen(e->prefix), staged_state(flags),
					   unstaged_state(flags) };

	if (str_starts(path, e->prefix) && (s.staged || s.unstaged))
		e->rc = e->fn(&s, e->arg, e->err);
	return e->rc ? 1 : 0;
}

int git_each_status(struct git_repo *r, const char *pattern,
		    int (*fn)(const struct git_file_status *s, void *arg, struct mlops_error *err),
		    void *arg, struct mlops_error *err)
{
	struct each_status e = { r->prefix, fn, arg, err, 0 };
	git_status_options options;
	char *patterns[] = { (char *)pattern };

	git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_INCLUDE_UNTRACKED |
			GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
	options.pathspec = (git_strarray){ patterns, 1 };
	int code = git_status_foreach_ext(r->repo, &options, each_status, &e);
	return code < 0 ? git_fail(err, code, "cannot ask git what has changed") : e.rc;
}
