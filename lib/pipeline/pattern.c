/* Walking the folder in front of a pattern's first wildcard. */
#include "pipeline/pattern.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/path.h"

#define DEPTH_MAX 256

struct walk {
	const char *pattern;
	struct strbuf path; /* of the folder, relative to the root */
	int dir_fd, depth;
	struct strlist *out;
};

char *pattern_root(const char *pattern)
{
	size_t end = strcspn(pattern, "*?[\\");

	while (end && pattern[end - 1] != '/')
		end--;
	return xstrndup(pattern, end ? end - 1 : 0);
}

static int walk_folder(struct walk *w, int dir_fd, struct mlops_error *err);

static int enter(struct walk *w, const char *name, struct mlops_error *err)
{
	autoclose int fd = openat(w->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open folder '%s'", w->path.buf);
	if (w->depth == DEPTH_MAX)
		return err_set(err, MLOPS_EINVALID, "folder '%s' is nested too deeply", w->path.buf);
	w->depth++;
	int parent = w->dir_fd, rc = walk_folder(w, fd, err);
	w->depth--;
	w->dir_fd = parent;
	return rc;
}

static int visit(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct walk *w = arg;
	size_t len = path_push(&w->path, e->name);
	int rc = 0;

	if (e->type == DT_DIR && !project_is_private(w->path.buf))
		rc = enter(w, e->name, err);
	else if ((e->type == DT_REG || e->type == DT_LNK) && glob_match_path(w->pattern, w->path.buf))
		strlist_add(w->out, w->path.buf);
	strbuf_trunc(&w->path, len);
	return rc;
}

static int walk_folder(struct walk *w, int dir_fd, struct mlops_error *err)
{
	w->dir_fd = dir_fd;
	return fs_each_entry(dir_fd, w->path.len ? w->path.buf : ".", visit, w, err);
}

int pattern_find(struct project *project, const char *pattern, struct strlist *out,
		 struct mlops_error *err)
{
	autofree char *root = pattern_root(pattern);
	autofree char *path = project_abspath(project, root);
	autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct walk w = { .pattern = pattern, .out = out };

	if (fd < 0) /* nothing is there yet */
		return 0;
	strbuf_adds(&w.path, root);
	int rc = walk_folder(&w, fd, err);
	strbuf_clear(&w.path);
	strlist_sort(out);
	return rc;
}
