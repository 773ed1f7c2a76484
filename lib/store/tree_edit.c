/* Rewriting the trees on a path: each is merged with the edits that are in it, in order of name. */
#include "store/tree_edit.h"

#include <assert.h>

#include "base/path.h"

struct editor {
	struct store *store;
	const char *shown;
	struct mlops_error *err;
};

/* Edits that share the first `skip` bytes of their paths: those of one folder, or of one name. */
struct edits {
	const struct tree_edit *v;
	size_t n, skip;
};

int tree_load_at(struct store *store, const struct oid *oid, const char *path, struct tree *out,
		 struct mlops_error *err)
{
	if (!tree_load(store, oid, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	err_set(err, MLOPS_ENOTFOUND, "the listing of the folder '%s' is not in the store", path);
	return err_hint(err, "fetch it, without the files, with: mlops pull --list-only");
}

static int by_path(const void *a, const void *b)
{
	return path_compare(((const struct tree_edit *)a)->path,
			    ((const struct tree_edit *)b)->path);
}

/* The name, in the folder at hand, that the first edit is about. */
static struct str first_name(const struct edits *e)
{
	const char *name = e->v[0].path + e->skip;

	return (struct str){ name, strcspn(name, "/") };
}

/* Takes the edits about the first name from `e`. */
static struct edits split_first(struct edits *e)
{
	struct str name = first_name(e);
	struct edits same = { e->v, 1, e->skip };

	while (same.n < e->n) {
		const char *other = e->v[same.n].path + e->skip;

		if (strncmp(other, name.p, name.n) || (other[name.n] && other[name.n] != '/'))
			break;
		same.n++;
	}
	e->v += same.n;
	e->n -= same.n;
	return same;
}

/* The first n bytes of a path below the root, for messages; new. */
static char *show(const char *root, const char *path, size_t n)
{
	return xasprintf("%s%s%.*s", root, n ? "/" : "", (int)n, path);
}

static int edit_folder(struct editor *ed, const struct oid *old, struct edits e, int depth,
		       struct tree_entry *out);

/* *gone: nothing is to be there. */
static int edit_name(struct editor *ed, const struct tree_entry *old, struct edits e, int depth,
		     struct tree_entry *out, bool *gone)
{
	struct str name = first_name(&e);
	const struct tree_edit *edit = &e.v[0];
	autofree char *shown = show(ed->shown, edit->path, e.skip + name.n);

	if (!tree_name_is_safe(name.p, name.n))
		return err_set(ed->err, MLOPS_EINVALID, "'%s' is no name for a tree", shown);
	if (name.p[name.n]) {
		if (old && old->kind != TREE_FOLDER)
			return err_set(ed->err, MLOPS_EINVALID, "'%s' is not a folder", shown);
		e.skip += name.n + 1;
		return edit_folder(ed, old ? &old->oid : NULL, e, depth + 1, out);
	}
	if (e.n > 1)
		return err_set(ed->err, MLOPS_EINVALID, "'%s' is changed twice", shown);
	if (!edit->entry && !old)
		return err_set(ed->err, MLOPS_ENOTFOUND, "'%s' is not listed", shown);
	*gone = !edit->entry;
	if (edit->entry)
		*out = *edit->entry;
	return 0;
}

static int merge_one(struct editor *ed, const struct tree_entry *old, struct edits e, int depth,
		     struct tree *out)
{
	struct str name = first_name(&e);
	struct tree_entry entry = { 0 };
	bool gone = false;

	if (edit_name(ed, old, e, depth, &entry, &gone))
		return -1;
	if (gone)
		return 0;
	entry.name = arena_strndup(&out->names, name.p, name.n);
	vec_push(&out->entries, entry);
	return 0;
}

/* What `old` becomes; names in *out are lent from both. */
static int merge(struct editor *ed, const struct tree *old, struct edits e, int depth,
		 struct tree *out)
{
	size_t i = 0;

	while (e.n) {
		struct str name = first_name(&e);
		const struct tree_entry *same = NULL;

		for (; i < old->entries.n; i++) {
			const struct tree_entry *o = &old->entries.v[i];
			int order = strncmp(o->name, name.p, name.n);

			if (order > 0 || (!order && o->name[name.n])) /* behind the name */
				break;
			if (!order) {
				same = &old->entries.v[i++];
				break;
			}
			vec_push(&out->entries, *o);
		}
		if (merge_one(ed, same, split_first(&e), depth, out))
			return -1;
	}
	for (; i < old->entries.n; i++)
		vec_push(&out->entries, old->entries.v[i]);
	return 0;
}

int tree_put(struct store *store, const struct tree *tree, struct tree_entry *out,
	     struct mlops_error *err)
{
	struct tree_entry entry = { .kind = TREE_FOLDER };
	autobuf text = { 0 };

	if (!tree_totals(tree, &entry.size, &entry.files))
		return err_set(err, MLOPS_EINVALID, "a tree would hold too much");
	tree_format(tree, &text);
	if (text.len > TREE_BYTES_MAX)
		return err_set(err, MLOPS_EINVALID, "a tree would be too long");
	if (mlops_store_put(store, text.buf, text.len, &entry.oid, err))
		return -1;
	*out = entry;
	return 0;
}

static int edit_folder(struct editor *ed, const struct oid *old, struct edits e, int depth,
		       struct tree_entry *out)
{
	struct tree before = { 0 }, after = { 0 };
	autofree char *path = show(ed->shown, e.v[0].path, e.skip ? e.skip - 1 : 0);

	if (depth > TREE_DEPTH_MAX)
		return err_set(ed->err, MLOPS_EINVALID,
			       "'%.100s...' is nested deeper than %d folders", path,
			       TREE_DEPTH_MAX);
	if (old && tree_load_at(ed->store, old, path, &before, ed->err))
		return -1;
	int rc = merge(ed, &before, e, depth, &after);
	if (!rc)
		rc = tree_put(ed->store, &after, out, ed->err);
	tree_clear(&after);
	tree_clear(&before);
	return rc;
}

int tree_edit(struct store *store, const struct oid *root, const char *shown,
	      const struct tree_edit *edits, size_t n, struct tree_entry *out,
	      struct mlops_error *err)
{
	struct editor ed = { store, shown, err };
	autofree struct tree_edit *sorted = xmemdup(edits, n * sizeof(*edits));

	assert(n);
	qsort(sorted, n, sizeof(*sorted), by_path);
	return edit_folder(&ed, root, (struct edits){ sorted, n, 0 }, 0, out);
}

/* `e`, the folder that messages call `dir`, becomes what it lists by this name. */
static int step_down(struct store *store, struct tree_entry *e, const char *dir, const char *name,
		     struct mlops_error *err)
{
	struct tree tree;

	if (e->kind != TREE_FOLDER)
		return err_set(err, MLOPS_ENOTFOUND, "'%s/%s' is not listed: no folder is", dir,
			       name);
	if (tree_load_at(store, &e->oid, dir, &tree, err))
		return -1;
	const struct tree_entry *found = tree_find(&tree, name);
	if (found)
		*e = *found;
	tree_clear(&tree);
	return found ? 0 : err_set(err, MLOPS_ENOTFOUND, "'%s/%s' is not listed", dir, name);
}

int tree_lookup(struct store *store, const struct oid *root, const char *shown, const char *path,
		struct tree_entry *out, struct mlops_error *err)
{
	struct tree_entry e = { .kind = TREE_FOLDER, .oid = *root };
	struct str rest = str_of(path);

	while (rest.n) {
		size_t above = (size_t)(rest.p - path);
		struct str part = str_split(rest, '/', &rest);
		autofree char *dir = show(shown, path, above ? above - 1 : 0);
		autofree char *name = xstrndup(part.p, part.n);

		if (step_down(store, &e, dir, name, err))
			return -1;
	}
	e.name = path_base(path);
	*out = e;
	return 0;
}
