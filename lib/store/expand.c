/* One walk from the folder that a pattern starts with as plain text. */
#include "store/expand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/path.h"

struct walk {
	const struct expander *x;
	const char *pattern; /* below the folder that the walk starts in */
	size_t start;        /* bytes of `path` in front of what the pattern is for */
	struct strbuf path;
	struct strlist *out;
	struct mlops_error *err;
};

struct name {
	const char *text;
	bool is_folder, is_symlink;
};

struct names {
	VEC(struct name) all;
	struct arena arena;
	bool is_repository;
};

static int add_name(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct names *names = arg;

	(void)err;
	if (!strcmp(e->name, ".git") || !strcmp(e->name, ".mlops"))
		names->is_repository = true;
	else
		vec_push(&names->all, { arena_strdup(&names->arena, e->name), e->type == DT_DIR,
					e->type == DT_LNK });
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* *take: what matches is to be tracked; files that belong to git or to us are not. */
static int check_match(struct walk *w, const struct name *n, bool *take)
{
	const char *path = w->path.buf;
	const struct pointer *above = targets_above(w->x->targets, path);
	bool staged = false;

	*take = above;
	if (above)
		return 0;
	if (n->is_symlink || pointer_is_name(n->text) || str_starts(n->text, ".git") ||
	    !strcmp(n->text, IGNORES_NAME) || targets_below(w->x->targets, path))
		return 0;
	if (git_is_staged(w->x->git, path, &staged, w->err))
		return -1;
	*take = !staged;
	return 0;
}

static int walk_folder(struct walk *w, int fd, int depth);

static int enter(struct walk *w, int parent, const char *name, int depth)
{
	autoclose int fd = beneath_step(parent, name, w->path.buf, w->err);

	return fd < 0 ? -1 : walk_folder(w, fd, depth + 1);
}

static int walk_name(struct walk *w, int fd, const struct name *n, int depth)
{
	bool take = false;

	if (scan_ignores(w->x->scan, w->path.buf, n->is_folder))
		return 0;
	if (glob_match_path(w->pattern, w->path.buf + w->start) && check_match(w, n, &take))
		return -1;
	if (take)
		strlist_add(w->out, w->path.buf);
	else if (n->is_folder)
		return enter(w, fd, n->text, depth);
	return 0;
}

static int walk_names(struct walk *w, int fd, struct names *names, int depth)
{
	int rc = 0;

	if (names->is_repository && w->path.len) /* another one */
		return 0;
	vec_sort(&names->all, by_text);
	for (size_t i = 0; !rc && i < names->all.n; i++) {
		size_t len = path_push(&w->path, names->all.v[i].text);

		rc = walk_name(w, fd, &names->all.v[i], depth);
		strbuf_trunc(&w->path, len);
	}
	return rc;
}

static int walk_folder(struct walk *w, int fd, int depth)
{
	struct names names = { 0 };

	if (depth > TREE_DEPTH_MAX)
		return err_set(w->err, MLOPS_EINVALID,
			       "'%.100s...' is nested deeper than %d folders", w->path.buf,
			       TREE_DEPTH_MAX);
	int rc = scan_rules_in(w->x->scan, fd, w->path.buf, w->err);
	if (!rc)
		rc = fs_each_entry(fd, w->path.buf, add_name, &names, w->err);
	if (!rc)
		rc = walk_names(w, fd, &names, depth);
	vec_free(&names.all);
	arena_clear(&names.arena);
	return rc;
}

/* Goes down as long as the pattern's components are there as they are spelled. */
static int start_folder(struct walk *w, const char **pattern, struct mlops_error *err)
{
	int fd = fcntl(w->x->scan->beneath.root_fd, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	strbuf_adds(&w->path, "");
	while (fd >= 0 && (slash = strchr(*pattern, '/'))) {
		autofree char *name = xstrndup(*pattern, (size_t)(slash - *pattern));
		int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (below < 0)
			break;
		close(fd);
		fd = below;
		path_push(&w->path, name);
		*pattern = slash + 1;
	}
	if (fd < 0)
		return err_sys(err, "cannot open the folder of '%s'", *pattern);
	w->start = w->path.len + (w->path.len > 0);
	return fd;
}

int expand_pattern(const struct expander *x, const char *pattern, struct strlist *out,
		   struct mlops_error *err)
{
	struct walk w = { .x = x, .pattern = pattern, .out = out, .err = err };
	size_t before = out->n;
	autoclose int fd = start_folder(&w, &w.pattern, err);
	int rc = fd < 0 || scan_rules_above(x->scan, w.path.buf, err) || walk_folder(&w, fd, 0);

	strbuf_clear(&w.path);
	if (!rc && out->n == before)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' matches nothing that can be tracked",
			       pattern);
	return rc ? -1 : 0;
}
