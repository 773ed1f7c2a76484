/*
 * Finding pointers: one walk of the work tree with readdir(3) alone. What a pointer stands for is
 * not entered, nor are git's and our own folders, nor repositories inside of the project.
 */
#include <dirent.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "project/project.h"
#include "store/pointer.h"

#define MAX_DEPTH 256

typedef VEC(struct pointer) pointer_vec;

struct walk {
	const char *root;
	struct strbuf path; /* of the folder, relative to the root */
	pointer_vec found;
	struct mlops_error *err;
};

struct names {
	struct strlist folders;
	struct map pointers; /* a set: what they stand for */
	bool is_repository;
};

static int read_pointer(struct walk *w, const char *data)
{
	autofree char *name = xasprintf("%s" POINTER_SUFFIX, data);
	autofree char *shown = path_join(w->path.buf, name);
	autofree char *path = path_join(w->root, shown);
	autobuf text = { 0 };
	struct pointer p;

	if (fs_read(path, POINTER_MAX, &text, w->err) ||
	    pointer_parse(shown, text.buf, text.len, &p, w->err))
		return -1;
	vec_push(&w->found, p);
	return 0;
}

static int sort_out(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	const char *name = e->name;
	struct names *n = arg;

	(void)err;
	if (!strcmp(name, ".git") || !strcmp(name, ".mlops"))
		n->is_repository = true;
	else if (e->type == DT_DIR)
		strlist_add(&n->folders, name);
	else if (e->type == DT_REG && pointer_is_name(name))
		map_putn(&n->pointers, name, strlen(name) - strlen(POINTER_SUFFIX), n);
	return 0;
}

static int walk(struct walk *w, int fd, int depth);

/* A folder that may not be entered cannot hold pointers of ours. */
static int enter(struct walk *w, int parent, const char *name, int depth)
{
	autoclose int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || depth > MAX_DEPTH)
		return 0;
	size_t len = path_push(&w->path, name);
	int rc = walk(w, fd, depth);
	strbuf_trunc(&w->path, len);
	return rc;
}

static int walk_names(struct walk *w, int fd, int depth, const struct names *n)
{
	if (n->is_repository && depth)
		return 0;
	for (size_t i = 0; i < n->pointers.n; i++)
		if (read_pointer(w, n->pointers.v[i].key))
			return -1;
	for (size_t i = 0; i < n->folders.n; i++)
		if (!map_get(&n->pointers, n->folders.v[i]) &&
		    enter(w, fd, n->folders.v[i], depth + 1))
			return -1;
	return 0;
}

static int walk(struct walk *w, int fd, int depth)
{
	struct names n = { 0 };
	int rc = fs_each_entry(fd, depth ? w->path.buf : ".", sort_out, &n, w->err);

	if (!rc)
		rc = walk_names(w, fd, depth, &n);
	strlist_clear(&n.folders);
	map_clear(&n.pointers);
	return rc;
}

int pointer_by_path(const void *a, const void *b)
{
	return strcmp(((const struct pointer *)a)->path, ((const struct pointer *)b)->path);
}

int mlops_pointers_list(struct project *project, struct pointer **out, size_t *n,
			struct mlops_error *err)
{
	struct walk w = { .root = mlops_project_root(project), .err = err };
	autoclose int fd = open(w.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open folder '%s'", w.root);
	strbuf_adds(&w.path, "");
	int rc = walk(&w, fd, 0);
	strbuf_clear(&w.path);
	if (rc) {
		mlops_pointers_free(w.found.v, w.found.n);
		return rc;
	}
	vec_sort(&w.found, pointer_by_path);
	*out = w.found.v;
	*n = w.found.n;
	return 0;
}

void mlops_pointers_free(struct pointer *pointers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(pointers[i].path);
	free(pointers);
}

static bool selects(const char *path, const struct pointer *p)
{
	size_t n = strlen(p->path);

	return !*path || path_is_below(p->path, path) || path_is_below(path, p->path) ||
	       (!strncmp(path, p->path, n) && !strcmp(path + n, POINTER_SUFFIX));
}

/* Keeps the pointers that any path selects. */
static int keep_selected(struct pointer *all, size_t *count, const char *const *paths, size_t n,
			 struct mlops_error *err)
{
	autofree bool *keep = xcalloc(*count + 1, sizeof(*keep));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool any = false;

		for (size_t k = 0; k < *count; k++)
			if (selects(paths[i], &all[k]))
				any = keep[k] = true;
		if (!any) {
			err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked", paths[i]);
			return err_hint(err, "track it with: mlops track '%s'", paths[i]);
		}
	}
	for (size_t k = 0; k < *count; k++) {
		if (keep[k])
			all[kept++] = all[k];
		else
			free(all[k].path);
	}
	*count = kept;
	return 0;
}

int pointers_select(struct project *project, const char *const *paths, size_t n,
		    struct pointer **out, size_t *count, struct mlops_error *err)
{
	struct pointer *all;
	size_t found;

	if (mlops_pointers_list(project, &all, &found, err))
		return -1;
	if (n && keep_selected(all, &found, paths, n, err)) {
		mlops_pointers_free(all, found);
		return -1;
	}
	*out = all;
	*count = found;
	return 0;
}
