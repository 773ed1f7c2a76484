/* Walking what is tracked down to the single file, over the trees that are in the store. */
#include "mlops/listing.h"

#include "base/path.h"
#include "store/diff.h"
#include "store/difference.h"
#include "store/tree_edit.h"

struct walker {
	const struct listing_how *how;
	struct store *store;
	int (*fn)(const struct item *item, bool *enter, void *arg, struct mlops_error *err);
	void *arg;
	struct strbuf path;
	const struct tracked *tracked; /* that is walked */
	struct mlops_error *err;
};

/* The tree of the folder w->path. */
static int load(struct walker *w, const struct oid *oid, struct tree *out)
{
	const struct listing_how *how = w->how;

	if (how->supply && !mlops_store_has(w->store, oid) &&
	    how->supply(oid, &w->tracked->place, how->arg, w->err))
		return err_wrap(w->err, "cannot list '%s'", w->path.buf);
	return tree_load_at(w->store, oid, w->path.buf, out, w->err);
}

static int walk(struct walker *w, const struct tree_entry *e, size_t depth);

static int walk_tree(struct walker *w, const struct oid *oid, size_t depth)
{
	struct tree tree;
	int rc = 0;

	if (depth > TREE_DEPTH_MAX)
		return err_set(w->err, MLOPS_ECORRUPT, "'%.100s...' is nested deeper than %d folders",
			       w->path.buf, TREE_DEPTH_MAX);
	if (load(w, oid, &tree))
		return -1;
	for (size_t i = 0; !rc && i < tree.entries.n; i++) {
		size_t len = w->path.len;

		strbuf_addf(&w->path, "/%s", tree.entries.v[i].name);
		rc = walk(w, &tree.entries.v[i], depth + 1);
		strbuf_trunc(&w->path, len);
	}
	tree_clear(&tree);
	return rc;
}

/* The entry at w->path. */
static int walk(struct walker *w, const struct tree_entry *e, size_t depth)
{
	struct item item = { item_kind_of(e->kind), e->oid, e->size, e->files, w->path.buf, depth,
			     w->tracked->is_out, w->tracked->place };
	bool enter = false;
	int rc = w->fn(&item, &enter, w->arg, w->err);

	return rc || !enter || e->kind != TREE_FOLDER ? rc : walk_tree(w, &e->oid, depth);
}

/* `e`, which w->path leads to, becomes what lies at `path` in it. */
static int descend(struct walker *w, struct tree_entry *e, const char *path)
{
	struct str rest = str_of(path);

	while (rest.n) {
		struct str part = str_split(rest, '/', &rest);
		autofree char *name = xstrndup(part.p, part.n);
		const struct tree_entry *found = NULL;
		struct tree tree = { 0 };

		if (e->kind == TREE_FOLDER && load(w, &e->oid, &tree))
			return -1;
		found = tree_find(&tree, name);
		strbuf_addf(&w->path, "/%s", name);
		if (found)
			*e = *found;
		tree_clear(&tree);
		if (!found)
			return err_set(w->err, MLOPS_ENOTFOUND, "there is no '%s'", w->path.buf);
	}
	return 0;
}

/* From what is tracked to what is asked for, which is at or in it, or holds it. */
static int walk_tracked(struct walker *w, const struct tracked *t, const char *path)
{
	struct tree_entry e = diff_entry_of(&t->ref);
	size_t n = strlen(t->path);

	strbuf_trunc(&w->path, 0);
	strbuf_adds(&w->path, t->path);
	w->tracked = t;
	if (strlen(path) > n && descend(w, &e, path + n + 1))
		return -1;
	return walk(w, &e, 0);
}

static int not_tracked(const struct listing_how *how, const char *path, struct mlops_error *err)
{
	if (!how->rev)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked", path);
	err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked at '%s'", path, how->rev);
	return err_hint(err, "what git itself holds is shown by: git show '%s:./%s'", how->rev, path);
}

static int walk_all(struct walker *w, const struct tracked *all, size_t n, const char *path)
{
	bool any = !*path;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		if (*path && !path_is_below(all[i].path, path) && !path_is_below(path, all[i].path))
			continue;
		any = true;
		rc = walk_tracked(w, &all[i], path);
	}
	return rc || any ? rc : not_tracked(w->how, path, w->err);
}

int mlops_listing_walk(struct project *project, const struct listing_how *how, const char *path,
		       int (*fn)(const struct item *item, bool *enter, void *arg,
				 struct mlops_error *err),
		       void *arg, struct mlops_error *err)
{
	struct walker w = { .how = how, .fn = fn, .arg = arg, .err = err };
	struct tracked *all;
	size_t n;

	if (mlops_store_of(project, &w.store, err) ||
	    mlops_tracked_list(project, how->rev, &all, &n, err))
		return -1;
	int rc = walk_all(&w, all, n, path);
	strbuf_clear(&w.path);
	mlops_tracked_free(all, n);
	return rc;
}

struct finder {
	const char *path;
	struct item *out;
	bool found;
};

static int take(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	struct finder *f = arg;

	(void)enter, (void)err;
	if (strcmp(item->path, f->path))
		return 1;
	*f->out = *item;
	f->out->path = NULL;
	f->found = true;
	return 0;
}

int mlops_listing_find(struct project *project, const struct listing_how *how, const char *path,
		       struct item *out, struct mlops_error *err)
{
	struct finder f = { path, out, false };

	if (mlops_listing_walk(project, how, path, take, &f, err) < 0)
		return -1;
	if (f.found)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "'%s' is a folder that is not tracked itself", path);
	return err_hint(err, "list what is tracked in it with: mlops ls '%s'", path);
}
