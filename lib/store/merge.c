/* Merging trees entry by entry, side by side in order of name. */
#include "store/merge.h"

#include "base/path.h"
#include "store/store.h"
#include "store/tree_edit.h"

struct merger {
	struct merge *merge;
	struct strbuf path;
	struct mlops_error *err;
};

struct result {
	struct tree_entry entry;
	bool there;
};

/* Names are the same where entries are compared. */
static bool same(const struct tree_entry *a, const struct tree_entry *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && mlops_oid_equal(&a->oid, &b->oid);
}

static int take(const struct tree_entry *e, struct result *out)
{
	out->there = e;
	if (e)
		out->entry = *e;
	return 0;
}

static bool is_folder(const struct tree_entry *e)
{
	return e && e->kind == TREE_FOLDER;
}

static bool is_file(const struct tree_entry *e)
{
	return e && (e->kind == TREE_FILE || e->kind == TREE_EXECUTABLE);
}

/* One side changed the content of a file, the other whether it is executable. */
static bool merge_file(const struct merge_sides *s, struct result *out)
{
	if (!is_file(s->base) || !is_file(s->ours) || !is_file(s->theirs))
		return false;
	bool ours_same = mlops_oid_equal(&s->base->oid, &s->ours->oid);
	bool theirs_same = mlops_oid_equal(&s->base->oid, &s->theirs->oid);
	if (!ours_same && !theirs_same && !mlops_oid_equal(&s->ours->oid, &s->theirs->oid))
		return false;
	take(ours_same ? s->theirs : s->ours, out);
	out->entry.kind = s->ours->kind == s->base->kind ? s->theirs->kind : s->ours->kind;
	return true;
}

static int settle(struct merger *m, const struct merge_sides *s, struct result *out)
{
	struct merge *how = m->merge;

	if (how->favor != MERGE_NEITHER)
		return take(how->favor == MERGE_OURS ? s->ours : s->theirs, out);
	how->conflicts++;
	how->conflict(m->path.buf, s, how->arg);
	return take(s->ours, out);
}

static int merge_folder(struct merger *m, const struct merge_sides *s, int depth,
			struct result *out);

static int merge_one(struct merger *m, const struct merge_sides *s, int depth, struct result *out)
{
	if (same(s->ours, s->theirs) || same(s->base, s->theirs))
		return take(s->ours, out);
	if (same(s->base, s->ours))
		return take(s->theirs, out);
	if (is_folder(s->ours) && is_folder(s->theirs))
		return merge_folder(m, s, depth, out);
	return merge_file(s, out) ? 0 : settle(m, s, out);
}

/* ---- folders ---- */

struct listing {
	struct tree tree;
	size_t at; /* the next entry */
};

static const struct tree_entry *peek(const struct listing *l)
{
	return l->at < l->tree.entries.n ? &l->tree.entries.v[l->at] : NULL;
}

/* The next entry if it has this name. */
static const struct tree_entry *next(struct listing *l, const char *name)
{
	const struct tree_entry *e = peek(l);

	if (!e || strcmp(e->name, name))
		return NULL;
	l->at++;
	return e;
}

static const char *least_name(const struct listing *lists, size_t n)
{
	const char *least = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct tree_entry *e = peek(&lists[i]);

		if (e && (!least || strcmp(e->name, least) < 0))
			least = e->name;
	}
	return least;
}

/* Names in `out` are those of the lists. */
static int merge_lists(struct merger *m, struct listing lists[3], int depth, struct tree *out)
{
	const char *name;

	while ((name = least_name(lists, 3))) {
		struct merge_sides s = { next(&lists[0], name), next(&lists[1], name),
					 next(&lists[2], name) };
		size_t len = m->path.len;
		struct result r;

		strbuf_addf(&m->path, "%s%s", len ? "/" : "", name);
		int rc = merge_one(m, &s, depth + 1, &r);
		strbuf_trunc(&m->path, len);
		if (rc)
			return rc;
		r.entry.name = name;
		if (r.there)
			vec_push(&out->entries, r.entry);
	}
	return 0;
}

static int too_much(struct merger *m)
{
	return err_set(m->err, MLOPS_EINVALID, "the merged folder '%s' is too large", m->path.buf);
}

/* With a conflict somewhere the tree that this is part of will not be. */
static int store_tree(struct merger *m, const struct tree *tree, struct result *out)
{
	autobuf text = { 0 };

	*out = (struct result){ .entry.kind = TREE_FOLDER, .there = true };
	if (m->merge->conflicts)
		return 0;
	tree_format(tree, &text);
	if (text.len > TREE_BYTES_MAX || !tree_totals(tree, &out->entry.size, &out->entry.files))
		return too_much(m);
	return store_take_buf(m->merge->store, text.buf, text.len, true, &out->entry.oid, m->err);
}

static int load(struct merger *m, const struct tree_entry *e, struct listing *out)
{
	if (!is_folder(e))
		return 0;
	return tree_load_at(m->merge->store, &e->oid, m->path.buf, &out->tree, m->err);
}

static int merge_folder(struct merger *m, const struct merge_sides *s, int depth,
			struct result *out)
{
	struct listing lists[3] = { 0 };
	struct tree merged = { 0 };
	int rc = -1;

	if (depth > TREE_DEPTH_MAX)
		return err_set(m->err, MLOPS_ECORRUPT,
			       "'%.100s...' is nested deeper than %d folders", m->path.buf,
			       TREE_DEPTH_MAX);
	if (!load(m, s->base, &lists[0]) && !load(m, s->ours, &lists[1]) &&
	    !load(m, s->theirs, &lists[2]))
		rc = merge_lists(m, lists, depth, &merged);
	if (!rc)
		rc = store_tree(m, &merged, out);
	tree_clear(&merged);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		tree_clear(&lists[i].tree);
	return rc;
}

int merge_entries(struct merge *merge, const char *path, const struct merge_sides *sides,
		  struct tree_entry *out, bool *there, struct mlops_error *err)
{
	struct merger m = { .merge = merge, .err = err };
	struct result r;

	strbuf_adds(&m.path, path);
	int rc = merge_one(&m, sides, 0, &r);
	strbuf_clear(&m.path);
	if (rc)
		return -1;
	*out = r.entry;
	*there = r.there;
	return 0;
}
