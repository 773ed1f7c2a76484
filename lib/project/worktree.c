/*
 * Linked worktrees of git (git-worktree(1)). What is not committed belongs to all worktrees of a
 * repository: a linked one uses the main one's .mlops for it, unless it has a store of its own.
 */
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "project/private.h"

#define LINE_MAX_BYTES ((size_t)8 << 10)
#define GITDIR         "gitdir: "

/* The nearest folder from `root` upwards that holds a .git of either form; NULL: none. New. */
static char *find_top(const char *root, struct stat *st)
{
	autofree char *top = xstrdup(root);

	for (;;) {
		autofree char *git = path_join(top, ".git");

		if (!lstat(git, st))
			return steal_ptr(&top);
		char *up = path_dir(top);
		bool at_end = !strcmp(up, top);
		free(top);
		top = up;
		if (at_end)
			return NULL;
	}
}

/* What stands behind `prefix` in the one line of a file of git's; NULL: it has no such form. New. */
static char *read_line(const char *dir, const char *name, const char *prefix)
{
	autofree char *path = path_join(dir, name);
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;
	struct str rest;

	if (fs_read(path, LINE_MAX_BYTES, &text, &ignored) || !text.len ||
	    !str_starts(text.buf, prefix))
		return NULL;
	struct str line = str_split(str_of(text.buf + strlen(prefix)), '\n', &rest);
	return xstrndup(line.p, line.n);
}

/* The top of the main worktree, for a `top` whose .git is a file; NULL when there is none. New. */
static char *main_top(const char *top)
{
	autofree char *gitdir = read_line(top, ".git", GITDIR);
	autofree char *common_path = NULL;
	autofree char *common = NULL;
	autoerr ignored = ERR_INIT;

	if (!gitdir)
		return NULL;
	autofree char *own = path_join(top, gitdir);
	autofree char *relative = read_line(own, "commondir", "");
	if (!relative) /* a submodule */
		return NULL;
	common_path = path_join(own, relative);
	if (fs_realpath(common_path, &common, &ignored) || strcmp(path_base(common), ".git"))
		return NULL;
	return path_dir(common);
}

/* The main worktree may have a commit checked out that is from before the project was made. */
static bool keeps_data(const char *dir)
{
	autofree char *format = path_join(dir, "format");
	autofree char *store = path_join(dir, "store");

	return fs_exists(format) || fs_is_dir(store);
}

char *worktree_home(const char *root)
{
	autofree char *own = path_join(root, ".mlops");
	autofree char *own_store = path_join(own, "store");
	struct stat st;
	autofree char *top = find_top(root, &st);

	if (!top || !S_ISREG(st.st_mode) || fs_is_dir(own_store))
		return steal_ptr(&own);
	autofree char *main = main_top(top);
	if (!main)
		return steal_ptr(&own);
	const char *inside = root + strlen(top);
	autofree char *home = xasprintf("%s%s/.mlops", main, inside);
	return keeps_data(home) ? steal_ptr(&home) : steal_ptr(&own);
}
