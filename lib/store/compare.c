/*
 * mlops_diff(): trees against trees, and the work tree against its pointers. A revision differs
 * from the work tree as it differs from the pointers there, and then those from the data.
 */
#include "base/path.h"
#include "store/diff.h"
#include "store/difference.h"

struct comparer {
	const struct diff_how *how;
	struct store *store;
	struct scan *scan; /* NULL for trees alone */
	struct strbuf path;
	struct differences found;
	struct mlops_error *err;
};

/* Whether something at, in or above `path` was asked for. */
static bool concerns(const struct comparer *c, const char *path)
{
	for (size_t i = 0; i < c->how->n; i++)
		if (!*c->how->paths[i] || path_is_below(path, c->how->paths[i]) ||
		    path_is_below(c->how->paths[i], path))
			return true;
	return !c->how->n;
}

static void add(struct comparer *c, const char *path, const struct tree_entry *before,
		const struct tree_entry *after)
{
	bool wanted = !c->how->n;

	for (size_t i = 0; !wanted && i < c->how->n; i++)
		wanted = !*c->how->paths[i] || path_is_below(path, c->how->paths[i]);
	if (wanted)
		difference_add(&c->found, path, before, after, c->scan && after);
}

static size_t descend(struct comparer *c, const char *name)
{
	size_t len = c->path.len;

	strbuf_addf(&c->path, "/%s", name);
	return len;
}

static int check_depth(struct comparer *c, int depth)
{
	if (depth <= TREE_DEPTH_MAX)
		return 0;
	return err_set(c->err, MLOPS_ECORRUPT, "the tree of '%.100s...' is nested deeper than %d folders",
		       c->path.buf, TREE_DEPTH_MAX);
}

/* All of `e`, which is only on one side. */
static int compare_one(struct comparer *c, const struct tree_entry *e, bool is_after, int depth)
{
	struct tree tree = { 0 };
	int rc = 0;

	if (check_depth(c, depth))
		return -1;
	if (!concerns(c, c->path.buf))
		return 0;
	if (e->kind == TREE_FOLDER && mlops_store_has(c->store, &e->oid) &&
	    tree_load(c->store, &e->oid, &tree, c->err))
		return -1;
	if (!tree.entries.n)
		add(c, c->path.buf, is_after ? NULL : e, is_after ? e : NULL);
	for (size_t i = 0; !rc && i < tree.entries.n; i++) {
		size_t len = descend(c, tree.entries.v[i].name);

		rc = compare_one(c, &tree.entries.v[i], is_after, depth + 1);
		strbuf_trunc(&c->path, len);
	}
	tree_clear(&tree);
	return rc;
}

static int compare(struct comparer *c, const struct tree_entry *before,
		   const struct tree_entry *after, int depth);

static int compare_lists(struct comparer *c, const struct tree *before, const struct tree *after,
			 int depth)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && (i < before->entries.n || k < after->entries.n)) {
		const struct tree_entry *b = i < before->entries.n ? &before->entries.v[i] : NULL;
		const struct tree_entry *a = k < after->entries.n ? &after->entries.v[k] : NULL;
		int order = !b ? 1 : !a ? -1 : strcmp(b->name, a->name);
		size_t len = descend(c, order <= 0 ? b->name : a->name);

		rc = compare(c, order <= 0 ? b : NULL, order >= 0 ? a : NULL, depth + 1);
		strbuf_trunc(&c->path, len);
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

static int compare_folders(struct comparer *c, const struct tree_entry *before,
			   const struct tree_entry *after, int depth)
{
	struct tree old, new;

	if (!mlops_store_has(c->store, &before->oid) || !mlops_store_has(c->store, &after->oid)) {
		add(c, c->path.buf, before, after);
		return 0;
	}
	if (tree_load(c->store, &before->oid, &old, c->err))
		return -1;
	if (tree_load(c->store, &after->oid, &new, c->err)) {
		tree_clear(&old);
		return -1;
	}
	int rc = compare_lists(c, &old, &new, depth);
	tree_clear(&old);
	tree_clear(&new);
	return rc;
}

/* What is at c->path on both sides, or on one of them. */
static int compare(struct comparer *c, const struct tree_entry *before,
		   const struct tree_entry *after, int depth)
{
	if (check_depth(c, depth))
		return -1;
	if (!concerns(c, c->path.buf))
		return 0;
	if (!before || !after)
		return compare_one(c, before ? before : after, after, depth);
	if (before->kind == after->kind && mlops_oid_equal(&before->oid, &after->oid))
		return 0;
	if (before->kind == TREE_FOLDER && after->kind == TREE_FOLDER)
		return compare_folders(c, before, after, depth);
	if (before->kind != TREE_FOLDER && after->kind != TREE_FOLDER) {
		add(c, c->path.buf, before, after);
		return 0;
	}
	return compare_one(c, before, false, depth) || compare_one(c, after, true, depth) ? -1 : 0;
}

static int compare_tracked(struct comparer *c, const struct tracked *before,
			   const struct tracked *after)
{
	struct tree_entry b, a;

	if (before)
		b = diff_entry_of(&before->ref);
	if (after)
		a = diff_entry_of(&after->ref);
	strbuf_trunc(&c->path, 0);
	strbuf_adds(&c->path, before ? before->path : after->path);
	return compare(c, before ? &b : NULL, after ? &a : NULL, 0);
}

static int compare_all(struct comparer *c, const struct tracked *before, size_t n_before,
		       const struct tracked *after, size_t n_after)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && (i < n_before || k < n_after)) {
		int order = i == n_before ? 1 :
			    k == n_after  ? -1 :
					    path_compare(before[i].path, after[k].path);

		rc = compare_tracked(c, order <= 0 ? &before[i] : NULL, order >= 0 ? &after[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

/* One difference of the work tree from its pointer. Of folders only those without files are told. */
static int add_diff(const struct diff *d, void *arg, struct mlops_error *err)
{
	const struct tree_entry *have = d->have, *want = d->want;
	struct comparer *c = arg;

	(void)err;
	if (d->kind == STATUS_ABSENT && !have)
		return 0;
	if (have && have->kind == TREE_OTHER)
		have = NULL; /* what can't be tracked is no data */
	if (d->kind != STATUS_ABSENT && !d->empty) {
		have = have && have->kind == TREE_FOLDER ? NULL : have;
		want = want && want->kind == TREE_FOLDER ? NULL : want;
	}
	if (have || want)
		add(c, d->path, want, have);
	return 0;
}

static int compare_work_tree(struct comparer *c, const struct tracked *tracked, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tree_entry want = diff_entry_of(&tracked[i].ref);

		if (concerns(c, tracked[i].path) &&
		    diff_path(c->scan, tracked[i].path, &want, add_diff, c, c->err))
			return -1;
	}
	return 0;
}

/* What the work tree holds must be known where it may be what was before, or went elsewhere. */
static bool must_read(const struct difference *d, const struct map *gone)
{
	if (d->kind == DIFFERENCE_DELETED || d->after.known || d->after.kind == ITEM_FOLDER)
		return false;
	if (d->kind == DIFFERENCE_ADDED)
		return map_getn(gone, &d->after.size, sizeof(d->after.size));
	return d->after.size == d->before.size;
}

static int read_unknown(struct scan *scan, struct differences *list, struct mlops_error *err)
{
	automap gone = { 0 }; /* a set: the sizes of deleted files */

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].kind == DIFFERENCE_DELETED)
			map_putn(&gone, &list->v[i].before.size, sizeof(uint64_t), scan);
	scan->mode = SCAN_HASH;
	for (size_t i = 0; i < list->n; i++) {
		struct difference *d = &list->v[i];
		struct tree_entry now;

		if (!must_read(d, &gone))
			continue;
		if (scan_path(scan, d->path, &now, err))
			return -1;
		d->after.oid = now.oid;
		d->after.known = true;
	}
	differences_drop_same(list);
	return 0;
}

static int diff_data(struct project *project, struct comparer *c, const struct tracked *tracked,
		     size_t n, struct mlops_error *err)
{
	struct differences before = c->found;
	autoscan scan = { .beneath = BENEATH_INIT };

	if (scan_init(&scan, project, SCAN_STAT, err))
		return -1;
	c->scan = &scan;
	c->found = (struct differences){ 0 };
	int rc = compare_work_tree(c, tracked, n);
	differences_sort(&c->found);
	differences_join(&before, &c->found);
	c->found = before;
	if (!rc)
		rc = read_unknown(&scan, &c->found, err);
	return rc ? rc : index_write(scan.index, err);
}

/* From one list to the other, unless they are the same one; then on to the data of the last. */
static int diff_lists(struct project *project, struct comparer *c, const struct tracked *before,
		      size_t n_before, const struct tracked *after, size_t n_after)
{
	const struct diff_how *how = c->how;

	if ((how->from || how->to) && compare_all(c, before, n_before, after, n_after))
		return -1;
	differences_sort(&c->found);
	return how->to ? 0 : diff_data(project, c, after, n_after, c->err);
}

int mlops_diff(struct project *project, const struct diff_how *how, struct difference **out,
	       size_t *n, struct mlops_error *err)
{
	struct comparer c = { .how = how, .err = err };
	struct tracked *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	int rc;

	if (mlops_store_of(project, &c.store, err) ||
	    mlops_tracked_list(project, how->to, &after, &n_after, err))
		return -1;
	rc = how->from || how->to ? mlops_tracked_list(project, how->from, &before, &n_before, err) : 0;
	if (!rc)
		rc = diff_lists(project, &c, before, n_before, after, n_after);
	mlops_tracked_free(before, n_before);
	mlops_tracked_free(after, n_after);
	strbuf_clear(&c.path);
	if (rc) {
		mlops_diff_free(c.found.v, c.found.n);
		return -1;
	}
	differences_find_renames(&c.found);
	*out = c.found.v;
	*n = c.found.n;
	return 0;
}
