/* A model's files and their hashes. Symlinks are refused, as OpenSSF Model Signing wants it. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "registry/sign/sign.h"

#define DEPTH_MAX 256

void manifest_clear(struct manifest *m)
{
	for (size_t i = 0; i < m->files.n; i++)
		free(m->files.v[i].name);
	vec_free(&m->files);
	free(m->subject);
}

void manifest_ignore_always(struct strlist *out)
{
	static const char *const names[] = { ".git", ".gitattributes", ".github", ".gitignore" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strlist_has(out, names[i]))
			strlist_add(out, names[i]);
}

static bool is_ignored(const struct strlist *ignored, const char *path)
{
	for (size_t i = 0; i < ignored->n; i++)
		if (!strcmp(path, ignored->v[i]) || path_is_below(path, ignored->v[i]))
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct manifest_file *)a)->name,
		      ((const struct manifest_file *)b)->name);
}

void manifest_add(struct manifest *m, const char *path, const struct oid *oid)
{
	vec_push(&m->files, (struct manifest_file){ xstrdup(*path ? path : "."), *oid });
}

void manifest_sort(struct manifest *m)
{
	vec_sort(&m->files, by_name);
}

static int fail_kind(const char *path, const char *what, struct mlops_error *err)
{
	err_set(err, MLOPS_EINVALID, "'%s' is %s, which a signature cannot name", path, what);
	return err_hint(err, "put a file in its place");
}

struct lister {
	struct manifest *m;
	const struct strlist *ignored;
};

static int list_object(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct lister *l = arg;

	if (*v->path && is_ignored(l->ignored, v->path))
		return v->is_tree ? OBJECT_VISIT_SKIP : 0;
	if (v->is_symlink)
		return fail_kind(v->path, "a symlink", err);
	if (v->is_tree && v->missing) {
		err_set(err, MLOPS_ENOTFOUND, "the listing of '%s' is not here",
			*v->path ? v->path : ".");
		return err_hint(err, "get it with: mlops pull");
	}
	if (!v->is_tree)
		manifest_add(l->m, v->path, &v->oid);
	return 0;
}

int manifest_of_object(struct store *store, const struct object_ref *ref, const char *subject,
		       const struct strlist *ignored, struct manifest *out,
		       struct mlops_error *err)
{
	automanifest m = { .subject = xstrdup(subject) };
	struct lister l = { &m, ignored };

	if (mlops_object_visit(store, ref, list_object, &l, err))
		return -1;
	manifest_sort(&m);
	*out = m;
	m = (struct manifest){ 0 };
	return 0;
}

/* A walk through a folder on disk. */
struct walk {
	struct lister list;
	struct hasher *hasher;
	struct strbuf path; /* below the model */
	const char *root;
	int fd; /* the folder that is read */
	int depth;
};

static int walk_folder(struct walk *w, int fd, struct mlops_error *err);

static int walk_open(struct walk *w, const struct fs_entry *e, struct mlops_error *err)
{
	bool folder = e->type == DT_DIR;
	autoclose int fd = openat(w->fd, e->name,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (folder ? O_DIRECTORY : 0));
	struct oid oid;

	if (fd < 0)
		return err_sys(err, "cannot open '%s/%s'", w->root, w->path.buf);
	if (folder)
		return walk_folder(w, fd, err);
	if (hasher_read(w->hasher, fd, w->path.buf, &oid, err))
		return -1;
	manifest_add(w->list.m, w->path.buf, &oid);
	return 0;
}

static int walk_entry(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct walk *w = arg;
	size_t len = path_push(&w->path, e->name);
	int rc = 0;

	if (is_ignored(w->list.ignored, w->path.buf))
		rc = 0;
	else if (e->type == DT_LNK)
		rc = fail_kind(w->path.buf, "a symlink", err);
	else if (e->type != DT_REG && e->type != DT_DIR)
		rc = fail_kind(w->path.buf, "a socket, pipe or device", err);
	else
		rc = walk_open(w, e, err);
	strbuf_trunc(&w->path, len);
	return rc;
}

static int walk_folder(struct walk *w, int fd, struct mlops_error *err)
{
	int above = w->fd;

	if (w->depth == DEPTH_MAX)
		return err_set(err, MLOPS_EINVALID, "'%s' is nested deeper than %d folders",
			       w->root, DEPTH_MAX);
	w->fd = fd;
	w->depth++;
	int rc = fs_each_entry(fd, w->root, walk_entry, w, err);
	w->depth--;
	w->fd = above;
	return rc;
}

static int walk_root(struct walk *w, const char *path, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	struct oid oid;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode))
		return walk_folder(w, fd, err);
	if (!S_ISREG(st.st_mode))
		return fail_kind(path, "neither a file nor a folder", err);
	if (hasher_read(w->hasher, fd, path, &oid, err))
		return -1;
	manifest_add(w->list.m, "", &oid);
	return 0;
}

int manifest_of_path(const char *path, const struct strlist *ignored, struct manifest *out,
		     struct mlops_error *err)
{
	autofree char *whole = NULL;
	automanifest m = { 0 };
	struct walk w = { .list = { &m, ignored }, .root = path, .fd = -1 };

	if (fs_realpath(path, &whole, err) || hasher_new(&w.hasher, err))
		return -1;
	m.subject = xstrdup(path_base(whole));
	int rc = walk_root(&w, path, err);
	hasher_free(w.hasher);
	strbuf_clear(&w.path);
	if (rc)
		return -1;
	manifest_sort(&m);
	*out = m;
	m = (struct manifest){ 0 };
	return 0;
}

int manifest_compare(const struct manifest *is, const struct manifest *was, struct mlops_error *err)
{
	size_t i = 0, k = 0;

	while (i < is->files.n || k < was->files.n) {
		const struct manifest_file *a = i < is->files.n ? &is->files.v[i] : NULL;
		const struct manifest_file *b = k < was->files.n ? &was->files.v[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);

		if (order < 0)
			return err_set(err, MLOPS_ENO, "'%s' was not there when it was signed", a->name);
		if (order > 0)
			return err_set(err, MLOPS_ENO, "'%s', which was signed, is missing", b->name);
		if (!mlops_oid_equal(&a->oid, &b->oid))
			return err_set(err, MLOPS_ENO, "'%s' is not what was signed", a->name);
		i++;
		k++;
	}
	return 0;
}
