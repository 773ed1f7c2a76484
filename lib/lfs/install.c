/* Making mlops git's filter "lfs", in the settings of a user or a repository, and its hooks. */
#include "base/path.h"
#include "git/git.h"
#include "lfs/lfs.h"

static const char *const scopes[] = {
	[LFS_SCOPE_USER] = "--global",
	[LFS_SCOPE_LOCAL] = "--local",
	[LFS_SCOPE_WORKTREE] = "--worktree",
	[LFS_SCOPE_SYSTEM] = "--system",
};

struct setting {
	const char *key, *value, *skipping;
};

static const struct setting settings[] = {
	{ "filter.lfs.clean", "mlops lfs clean -- %f", "mlops lfs clean -- %f" },
	{ "filter.lfs.smudge", "mlops lfs smudge -- %f", "mlops lfs smudge --skip -- %f" },
	{ "filter.lfs.process", "mlops lfs filter-process", "mlops lfs filter-process --skip" },
	{ "filter.lfs.required", "true", "true" },
};

static int take_line(char *line, size_t n, void *arg, struct mlops_error *err)
{
	(void)n, (void)err;
	if (!*(char **)arg)
		*(char **)arg = xstrdup(line);
	return 0;
}

/* What a setting of this scope is now, or NULL; new. */
static int look_up(const struct lfs *l, enum lfs_scope scope, const char *key, char **out,
		   struct mlops_error *err)
{
	const char *const argv[] = { "git", "config", scopes[scope], "--get", key, NULL };
	int status;

	*out = NULL;
	return lfs_git_each(l, argv, -1, '\n', take_line, out, &status, err);
}

static int drop_line(char *line, size_t n, void *arg, struct mlops_error *err)
{
	(void)line, (void)n, (void)arg, (void)err;
	return 0;
}

static int run(const struct lfs *l, const char *const *argv, struct mlops_error *err)
{
	return lfs_git_each(l, argv, -1, '\n', drop_line, NULL, NULL, err);
}

static bool is_ours(const char *value)
{
	return str_starts(value, "mlops lfs ") || !strcmp(value, "true");
}

static bool may_replace(const char *value)
{
	return is_ours(value) || str_starts(value, "git-lfs ") || str_starts(value, "git lfs ");
}

static int set_one(const struct lfs *l, const struct lfs_install_how *how, const struct setting *s,
		   struct mlops_error *err)
{
	const char *value = how->skip_smudge ? s->skipping : s->value;
	const char *const argv[] = { "git", "config", scopes[how->scope], "--replace-all", s->key,
				     value, NULL };
	autofree char *now = NULL;

	if (look_up(l, how->scope, s->key, &now, err))
		return -1;
	if (now && !strcmp(now, value))
		return 0;
	if (now && !may_replace(now) && !how->force) {
		err_set(err, MLOPS_EEXISTS, "git's setting '%s' is '%s' already", s->key, now);
		return err_hint(err, "replace it with --force");
	}
	return run(l, argv, err);
}

/* Where git looks for hooks; new. */
static char *hooks_dir(struct lfs *l)
{
	const char *set = lfs_setting(l, "core.hookspath");
	autofree char *expanded = path_expand(set ? set : "hooks");

	return path_join(set && l->top ? l->top : l->common_dir, expanded);
}

static int change_hooks(struct lfs *l, enum git_hooks_how how, struct mlops_error *err)
{
	autofree char *dir = hooks_dir(l);
	bool changed;

	return git_hooks_change(dir, GIT_HOOKS_LFS, how, &changed, err);
}

/* A clone has none, and would push commits without their objects. */
void lfs_hooks_add(struct lfs *l)
{
	autoerr ignored = ERR_INIT;

	change_hooks(l, GIT_HOOKS_ON_ALONE, &ignored);
}

/* Opens the repository, if there is one; *l is NULL when not. */
static int open_here(const struct lfs_install_how *how, struct lfs **l, struct mlops_error *err)
{
	*l = NULL;
	if (!mlops_lfs_open(l, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND || how->scope == LFS_SCOPE_LOCAL ||
	    how->scope == LFS_SCOPE_WORKTREE)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int install(struct lfs *l, const struct lfs_install_how *how, struct mlops_error *err)
{
	static const struct lfs nowhere;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (set_one(l ? l : &nowhere, how, &settings[i], err))
			return -1;
	return l && !how->skip_repo ? change_hooks(l, GIT_HOOKS_ON, err) : 0;
}

int mlops_lfs_install(const struct lfs_install_how *how, bool *hooks, struct mlops_error *err)
{
	struct lfs *l;

	if (open_here(how, &l, err))
		return -1;
	int rc = install(l, how, err);
	*hooks = l && !how->skip_repo;
	mlops_lfs_close(l);
	return rc;
}

static int uninstall(struct lfs *l, const struct lfs_install_how *how, struct mlops_error *err)
{
	const char *const argv[] = { "git",        "config", scopes[how->scope], "--remove-section",
				     "filter.lfs", NULL };
	static const struct lfs nowhere;
	const struct lfs *in = l ? l : &nowhere;
	autofree char *now = NULL;

	if (look_up(in, how->scope, "filter.lfs.process", &now, err))
		return -1;
	if (now && is_ours(now) && run(in, argv, err))
		return -1;
	return l && !how->skip_repo ? change_hooks(l, GIT_HOOKS_OFF, err) : 0;
}

int mlops_lfs_uninstall(const struct lfs_install_how *how, bool *hooks, struct mlops_error *err)
{
	struct lfs *l;

	if (open_here(how, &l, err))
		return -1;
	int rc = uninstall(l, how, err);
	*hooks = l && !how->skip_repo;
	mlops_lfs_close(l);
	return rc;
}
