/* How a repository is set up: its settings, its hooks, where both lie. */
#include "base/path.h"
#include "git/private.h"

char *git_common_dir(struct git_repo *r)
{
	return path_normalize(git_repository_commondir(r->repo));
}

char *git_top(struct git_repo *r)
{
	return path_normalize(git_repository_workdir(r->repo));
}

/* One setting through a getter of libgit2; *out is NULL when it is not set. */
static int get(struct git_repo *r, const char *key,
	       int (*getter)(git_buf *, const git_config *, const char *), char **out,
	       struct mlops_error *err)
{
	git_buf value = { 0 };
	git_config *config, *now;
	int code = git_repository_config(&config, r->repo);

	if (code)
		return git_fail(err, code, "cannot read git's settings");
	code = git_config_snapshot(&now, config);
	git_config_free(config);
	if (code)
		return git_fail(err, code, "cannot read git's settings");
	code = getter(&value, now, key);
	git_config_free(now);
	if (code && code != GIT_ENOTFOUND)
		return git_fail(err, code, "cannot read git's setting '%s'", key);
	*out = code ? NULL : xstrndup(value.ptr, value.size);
	git_buf_dispose(&value);
	return 0;
}

int git_setting(struct git_repo *r, const char *key, char **out, struct mlops_error *err)
{
	return get(r, key, git_config_get_string_buf, out, err);
}

int git_set(struct git_repo *r, const char *key, const char *value, struct mlops_error *err)
{
	autofree char *common = git_common_dir(r);
	autofree char *file = path_join(common, "config");
	autofree char *now = NULL;

	if (git_setting(r, key, &now, err))
		return -1;
	return now && !strcmp(now, value) ? 0 : git_config_write(file, key, value, err);
}

/* core.hooksPath is relative to where hooks run: the top of the work tree. */
int git_hooks_dir(struct git_repo *r, char **out, struct mlops_error *err)
{
	autofree char *set = NULL;

	if (get(r, "core.hookspath", git_config_get_path, &set, err))
		return -1;
	autofree char *base = set ? git_top(r) : git_common_dir(r);
	*out = path_join(base, set ? set : "hooks");
	return 0;
}
