/* Which repository it is, and where things lie in it. */
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "lfs/lfs.h"
#include "mlops/project.h"

#define MAX_ANSWER ((size_t)64 << 10)
#define MAX_HEAD   4096

/* Lines of `git rev-parse`: the folders are relative to the current one, or absolute. */
static int read_places(struct lfs *l, const char *cwd, struct str text, struct mlops_error *err)
{
	struct str line[5];

	for (size_t i = 0; i < ARRAY_LEN(line); i++)
		line[i] = str_split(text, '\n', &text);
	autofree char *git_dir = xstrndup(line[0].p, line[0].n),
		      *common = xstrndup(line[1].p, line[1].n),
		      *up = xstrndup(line[3].p, line[3].n);
	autofree char *git_path = path_join(cwd, git_dir), *common_path = path_join(cwd, common);
	if (!*git_dir || !*common)
		return err_set(err, MLOPS_EFAIL, "git does not tell where the repository is");
	l->git_dir = path_normalize(git_path);
	l->common_dir = path_normalize(common_path);
	l->prefix = xstrdup("");
	if (!str_eq(line[2], "true"))
		return 0;
	autofree char *top = path_join(cwd, up);
	free(l->prefix);
	l->prefix = xstrndup(line[4].p, line[4].n);
	return fs_realpath(top, &l->top, err);
}

/* Whether git has more to say than that there is no repository. */
static bool is_beneath_git(const char *cwd)
{
	autofree char *dir = xstrdup(cwd);

	for (char *end = dir + strlen(dir); end; end = strrchr(dir, '/')) {
		*end = '\0';
		autofree char *git = path_join(dir, ".git");
		if (*dir && fs_exists(git))
			return true;
	}
	return getenv("GIT_DIR");
}

static int find_places(struct lfs *l, struct mlops_error *err)
{
	static const char *const argv[] = { "git",
					    "rev-parse",
					    "--git-dir",
					    "--git-common-dir",
					    "--is-inside-work-tree",
					    "--show-cdup",
					    "--show-prefix",
					    NULL };
	struct proc_result result;
	autofree char *cwd = NULL;
	autobuf text = { 0 };

	if (fs_getcwd(&cwd, err))
		return -1;
	if (!is_beneath_git(cwd)) {
		static const struct strbuf nothing;

		if (proc_ask(argv, NULL, &nothing, MAX_ANSWER, &text, &result, err))
			return -1;
	} else if (proc_read(argv, MAX_ANSWER, &text, &result, err)) {
		return -1;
	}
	if (result.status)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is in no git repository", cwd);
	return read_places(l, cwd, (struct str){ text.buf, text.len }, err);
}

/* A hook's GIT_DIR may be relative to a folder that git is not run in here. */
static void set_environment(struct lfs *l)
{
	if (!getenv("GIT_DIR"))
		return;
	l->env[0] = xasprintf("GIT_DIR=%s", l->git_dir);
	l->env[1] = l->top ? xasprintf("GIT_WORK_TREE=%s", l->top) : NULL;
}

static char *storage_of(struct lfs *l)
{
	const char *set = lfs_setting(l, "lfs.storage");
	autofree char *expanded = set && *set ? path_expand(set) : xstrdup("lfs");

	return path_join(l->common_dir, expanded);
}

int mlops_lfs_open(struct lfs **out, struct mlops_error *err)
{
	struct lfs *l = xcalloc(1, sizeof(*l));

	if (find_places(l, err)) {
		mlops_lfs_close(l);
		return -1;
	}
	set_environment(l);
	if (lfs_settings_load(l, err)) {
		mlops_lfs_close(l);
		return -1;
	}
	l->storage = storage_of(l);
	*out = l;
	return 0;
}

void mlops_lfs_close(struct lfs *l)
{
	if (!l)
		return;
	lfs_borrow_end(l);
	lfs_settings_clear(&l->git);
	lfs_settings_clear(&l->shared);
	for (size_t i = 0; i < ARRAY_LEN(l->env); i++)
		free(l->env[i]);
	free(l->top);
	free(l->prefix);
	free(l->git_dir);
	free(l->common_dir);
	free(l->storage);
	free(l);
}

char *lfs_current_ref(const struct lfs *l)
{
	autofree char *path = path_join(l->git_dir, "HEAD");
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };

	if (fs_read(path, MAX_HEAD, &text, &ignored) || !text.len ||
	    !str_starts(text.buf, "ref: refs/heads/") || strstr(text.buf, "/.invalid"))
		return NULL;
	struct str ref = str_trim((struct str){ text.buf + 5, text.len - 5 });
	return xstrndup(ref.p, ref.n);
}

int lfs_path_of(const struct lfs *l, const char *typed, char **out, struct mlops_error *err)
{
	autofree char *cwd = NULL, *full = NULL;

	if (!l->top)
		return err_set(err, MLOPS_EINVALID, "this repository has no work tree");
	if (fs_getcwd(&cwd, err))
		return -1;
	full = path_join(cwd, typed);
	*out = path_normalize(full);
	if (path_is_below(*out, l->top)) {
		char *below = xstrdup(*out + strlen(l->top) + ((*out)[strlen(l->top)] == '/'));

		free(*out);
		*out = below;
		return 0;
	}
	free(steal_ptr(out));
	return err_set(err, MLOPS_EINVALID, "'%s' is outside of the work tree '%s'", typed, l->top);
}
