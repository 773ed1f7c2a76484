/*
 * The pointers and mlops.lock of a commit. The walk follows the rules of the one through the work
 * tree (pointers.c): what a pointer stands for is not entered, nor are projects inside of this one.
 */
#include "mlops/revision.h"

#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/pointer.h"
#include "store/revision.h"

#define MAX_DEPTH 256

struct walk {
	struct git_repo *git;
	const struct revision_visitor *to;
	struct strbuf path; /* of the folder, relative to the root */
	struct mlops_error *err;
};

struct found {
	char *name;
	struct git_id id;
};

/* What one folder of the commit holds that matters. */
struct folder {
	VEC(struct found) folders;
	VEC(struct found) files; /* pointers, and in the root mlops.lock */
	struct map pointers;     /* a set: what they stand for */
	bool is_root, is_project;
};

static int sort_out(const struct git_entry *e, void *arg, struct mlops_error *err)
{
	struct folder *f = arg;

	(void)err;
	if (!strcmp(e->name, ".mlops")) {
		f->is_project = true;
	} else if (e->kind == GIT_ENTRY_FOLDER) {
		vec_push(&f->folders, { xstrdup(e->name), e->id });
	} else if (e->kind == GIT_ENTRY_FILE && pointer_is_name(e->name)) {
		vec_push(&f->files, { xstrdup(e->name), e->id });
		map_putn(&f->pointers, e->name, strlen(e->name) - strlen(POINTER_SUFFIX), f);
	} else if (e->kind == GIT_ENTRY_FILE && f->is_root && !strcmp(e->name, LOCKFILE_NAME)) {
		vec_push(&f->files, { xstrdup(e->name), e->id });
	}
	return 0;
}

static void folder_clear(struct folder *f)
{
	for (size_t i = 0; i < f->folders.n; i++)
		free(f->folders.v[i].name);
	for (size_t i = 0; i < f->files.n; i++)
		free(f->files.v[i].name);
	vec_free(&f->folders);
	vec_free(&f->files);
	map_clear(&f->pointers);
}

struct file {
	const char *path;
	const struct git_id *id;
	const struct revision_visitor *to;
	struct mlops_error *err; /* of the visitor; what is wrong with the file goes to `bad` */
};

static int visit_lock(const struct file *f, const struct strbuf *text, struct mlops_error *bad)
{
	struct lockfile lock;
	int rc = mlops_lockfile_parse(f->path, text->buf, text->len, &lock, bad);

	if (!rc)
		rc = f->to->lock(&lock, f->id, f->to->arg, f->err);
	mlops_lockfile_clear(&lock);
	return rc;
}

static int visit_pointer(const struct file *f, const struct strbuf *text, struct mlops_error *bad)
{
	struct pointer p;
	int rc;

	if (pointer_parse(f->path, text->buf, text->len, &p, bad))
		return -1;
	rc = f->to->pointer(&p, f->id, f->to->arg, f->err);
	free(p.path);
	return rc;
}

int revision_file(struct git_repo *git, const char *path, const struct git_id *id,
		  const struct revision_visitor *to, struct mlops_error *err)
{
	bool is_lock = !pointer_is_name(path_base(path));
	struct file f = { path, id, to, err };
	autobuf text = { 0 };
	autoerr bad = ERR_INIT;

	if ((is_lock && !to->lock) || (to->skip && to->skip(path, id, to->arg)))
		return 0;
	strbuf_adds(&text, "");
	int rc = git_read_blob(git, id, is_lock ? LOCKFILE_MAX : POINTER_MAX, &text, &bad);
	if (!rc)
		rc = (is_lock ? visit_lock : visit_pointer)(&f, &text, &bad);
	if (!bad.kind)
		return rc;
	if (bad.kind == MLOPS_EINVALID && to->broken)
		return to->broken(path, id, &bad, to->arg, err);
	return err_move(err, &bad);
}

static int walk(struct walk *w, const struct git_id *tree, int depth);

static int walk_folder(struct walk *w, const struct folder *f, int depth)
{
	size_t len = w->path.len;
	int rc = 0;

	if (f->is_project && !f->is_root)
		return 0;
	for (size_t i = 0; !rc && i < f->files.n; i++) {
		path_push(&w->path, f->files.v[i].name);
		rc = revision_file(w->git, w->path.buf, &f->files.v[i].id, w->to, w->err);
		strbuf_trunc(&w->path, len);
	}
	for (size_t i = 0; !rc && i < f->folders.n; i++) {
		if (map_get(&f->pointers, f->folders.v[i].name))
			continue;
		path_push(&w->path, f->folders.v[i].name);
		rc = walk(w, &f->folders.v[i].id, depth + 1);
		strbuf_trunc(&w->path, len);
	}
	return rc;
}

static int walk(struct walk *w, const struct git_id *tree, int depth)
{
	struct folder f = { .is_root = !depth };
	int rc;

	if (depth > MAX_DEPTH || (w->to->skip && w->to->skip(w->path.buf, tree, w->to->arg)))
		return 0;
	rc = git_tree_each(w->git, tree, sort_out, &f, w->err);
	if (!rc)
		rc = walk_folder(w, &f, depth);
	folder_clear(&f);
	return rc;
}

int mlops_revision_resolve(struct project *project, const char *rev, struct git_id *commit,
			   struct mlops_error *err)
{
	struct git_repo *git;

	return project_git(project, &git, err) ? -1 : git_resolve(git, rev, commit, err);
}

int mlops_revision_names(struct project *project,
			 int (*fn)(const char *name, void *arg, struct mlops_error *err), void *arg,
			 struct mlops_error *err)
{
	struct git_repo *git;

	return project_git(project, &git, err) ? -1 : git_each_name(git, fn, arg, err);
}

int mlops_revision_visit(struct project *project, const char *rev,
			 const struct revision_visitor *visitor, struct mlops_error *err)
{
	struct walk w = { .to = visitor, .err = err };
	struct git_id commit, tree;
	bool found;

	if (project_git(project, &w.git, err) || git_resolve(w.git, rev, &commit, err) ||
	    git_root_tree(w.git, &commit, &tree, &found, err))
		return -1;
	if (!found)
		return 0;
	strbuf_adds(&w.path, "");
	int rc = walk(&w, &tree, 0);
	strbuf_clear(&w.path);
	return rc;
}

typedef VEC(struct pointer) pointer_vec;

static int collect(const struct pointer *p, const struct git_id *id, void *arg,
		   struct mlops_error *err)
{
	(void)id, (void)err;
	vec_push((pointer_vec *)arg, { xstrdup(p->path), p->ref });
	return 0;
}

int mlops_pointers_at(struct project *project, const char *rev, struct pointer **out, size_t *n,
		      struct mlops_error *err)
{
	pointer_vec found = { 0 };
	struct revision_visitor visitor = { .pointer = collect, .arg = &found };

	if (mlops_revision_visit(project, rev, &visitor, err)) {
		mlops_pointers_free(found.v, found.n);
		return -1;
	}
	vec_sort(&found, pointer_by_path);
	*out = found.v;
	*n = found.n;
	return 0;
}

static bool skip_folders(const char *path, const struct git_id *id, void *arg)
{
	(void)id, (void)arg;
	return *path && strcmp(path, LOCKFILE_NAME);
}

static int take_lock(struct lockfile *lock, const struct git_id *id, void *arg,
		     struct mlops_error *err)
{
	(void)id, (void)err;
	*(struct lockfile *)arg = *lock;
	*lock = (struct lockfile){ 0 };
	return 0;
}

int mlops_lockfile_at(struct project *project, const char *rev, struct lockfile *out,
		      struct mlops_error *err)
{
	struct revision_visitor visitor = { .skip = skip_folders, .lock = take_lock, .arg = out };

	*out = (struct lockfile){ 0 };
	return mlops_revision_visit(project, rev, &visitor, err);
}
