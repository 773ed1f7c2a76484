/* Executing a plan: what goes, innermost first; then folders and files, outermost first. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/path.h"
#include "store/plan.h"
#include "store/store.h"

#define LEARN_AT_ONCE 4096 /* files; each time may wait for the clock's next tick */

static int remove_one(struct beneath *root, const struct plan_step *step, struct mlops_error *err)
{
	bool folder = step->kind == TREE_FOLDER;
	int fd;

	if (beneath_parent(root, step->path, false, &fd, err))
		return -1;
	if (FAULT("checkout.remove") ||
	    (unlinkat(fd, path_base(step->path), folder ? AT_REMOVEDIR : 0) && errno != ENOENT &&
	     !(folder && (errno == ENOTEMPTY || errno == EEXIST)))) /* what is ignored stays */
		return err_sys(err, "cannot remove '%s'", step->path);
	if (folder)
		beneath_forget(root); /* it may have been the one that is gone */
	return 0;
}

struct written {
	char *path;
	struct stat st;
	struct oid oid;
};

struct execution {
	struct plan *plan;
	struct beneath *root;
	VEC(struct written) written; /* not yet known to the index */
	struct mlops_error *err;
};

/*
 * The stat data was taken when each file was written, so that a change since then shows; the
 * clock has to move on first, or the next one might not.
 */
static void learn(struct execution *x)
{
	struct index *ix = x->plan->scan->index;
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < x->written.n; i++) {
		int64_t ctime_ns = index_time_ns(&x->written.v[i].st.st_ctim);

		if (ctime_ns > last)
			last = ctime_ns;
	}
	if (ix)
		index_settle(ix, last);
	for (size_t i = 0; i < x->written.n; i++) {
		struct written *w = &x->written.v[i];

		if (ix)
			index_put(ix, w->path, &w->st, &w->oid);
		free(w->path);
	}
	x->written.n = 0;
}

static int make_folder(struct execution *x, const char *path)
{
	int fd;

	if (beneath_parent(x->root, path, true, &fd, x->err))
		return -1;
	if (mkdirat(fd, path_base(path), 0777) && errno != EEXIST)
		return err_sys(x->err, "cannot create folder '%s'", path);
	return 0;
}

static int write_file(struct execution *x, const char *path, enum tree_kind kind,
		      const struct oid *oid)
{
	mode_t mode = kind == TREE_EXECUTABLE ? 0777 : 0666;
	struct store_dest to = { .name = path_base(path), .shown = path };
	struct store *store = x->plan->scan->store;
	int stage_fd = x->plan->stage_fd;
	struct stat st;

	if (beneath_parent(x->root, path, true, &to.dir_fd, x->err))
		return -1;
	to.stage_fd = stage_fd >= 0 ? stage_fd : to.dir_fd;
	if (kind == TREE_SYMLINK ? store_export_symlink(store, oid, &to, x->err) :
				   store_export_at(store, oid, &to, mode, x->err))
		return -1;
	if (fstatat(to.dir_fd, to.name, &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(x->err, "cannot look at '%s'", path);
	vec_push(&x->written, { xstrdup(path), st, *oid });
	if (x->written.n == LEARN_AT_ONCE)
		learn(x);
	return 0;
}

/* The plan has looked at each of these trees, so they are no deeper than may be. */
static int write_tree(struct execution *x, struct strbuf *path, const struct oid *oid, bool partial)
{
	struct store *store = x->plan->scan->store;
	struct tree tree;
	int rc = 0;

	if (make_folder(x, path->buf) || tree_load(store, oid, &tree, x->err))
		return -1;
	for (size_t i = 0; !rc && i < tree.entries.n; i++) {
		const struct tree_entry *e = &tree.entries.v[i];
		size_t len = path_push(path, e->name);

		if (!partial || mlops_store_has(store, &e->oid))
			rc = e->kind == TREE_FOLDER ? write_tree(x, path, &e->oid, partial) :
						      write_file(x, path->buf, e->kind, &e->oid);
		strbuf_trunc(path, len);
	}
	tree_clear(&tree);
	return rc;
}

static int execute_step(struct execution *x, const struct plan_step *step)
{
	autobuf path = { 0 };

	if (step->verb == PLAN_WRITE)
		return write_file(x, step->path, step->kind, &step->oid);
	if (step->verb == PLAN_REMOVE)
		return 0; /* done before */
	strbuf_adds(&path, step->path);
	return write_tree(x, &path, &step->oid, step->partial);
}

int plan_execute(struct plan *p, struct beneath *root, struct mlops_error *err)
{
	struct execution x = { .plan = p, .root = root, .err = err };
	int rc = 0;

	beneath_forget(root);
	for (size_t i = p->steps.n; i-- > 0;)
		if (p->steps.v[i].verb == PLAN_REMOVE && remove_one(root, &p->steps.v[i], err))
			return -1;
	for (size_t i = 0; !rc && i < p->steps.n; i++)
		rc = execute_step(&x, &p->steps.v[i]);
	learn(&x); /* of a failure, too: so much is done */
	vec_free(&x.written);
	return rc;
}
