/* Merging what was never pulled into the tree that the work tree gives. */
#include "store/tree_edit.h"

struct keeper {
	struct store *store;
	struct strbuf path; /* of the folder at hand */
	struct mlops_error *err;
};

/* One folder: as it was, as it is now, and as it is to be; the last lends names from both. */
struct folders {
	struct tree old, fresh, merged;
	bool kept; /* anything of the old one */
};

static int keep_folder(struct keeper *k, const struct tree_entry *old,
		       const struct tree_entry *fresh, int depth, struct tree_entry *out,
		       bool *kept);

static int enter(struct keeper *k, const struct tree_entry *old, const struct tree_entry *fresh,
		 int depth, struct tree_entry *out, bool *kept)
{
	size_t len = k->path.len;

	strbuf_addf(&k->path, "/%s", old->name);
	int rc = keep_folder(k, old, fresh, depth + 1, out, kept);
	strbuf_trunc(&k->path, len);
	out->name = old->name;
	return rc;
}

/* What only the old folder has. */
static int merge_old(struct keeper *k, const struct tree_entry *old, int depth, struct folders *f)
{
	struct tree_entry entry = *old;
	bool kept;

	if (old->kind != TREE_FOLDER)
		kept = !mlops_store_has(k->store, &old->oid);
	else if (enter(k, old, NULL, depth, &entry, &kept))
		return -1;
	if (kept)
		vec_push(&f->merged.entries, entry);
	f->kept |= kept;
	return 0;
}

static int merge_both(struct keeper *k, const struct tree_entry *old,
		      const struct tree_entry *fresh, int depth, struct folders *f)
{
	struct tree_entry entry = *fresh;
	bool kept = false;

	if (old->kind == TREE_FOLDER && fresh->kind == TREE_FOLDER &&
	    !mlops_oid_equal(&old->oid, &fresh->oid) && enter(k, old, fresh, depth, &entry, &kept))
		return -1;
	vec_push(&f->merged.entries, entry);
	f->kept |= kept;
	return 0;
}

static int merge(struct keeper *k, int depth, struct folders *f)
{
	size_t i = 0, j = 0;
	int rc = 0;

	while (!rc && (i < f->old.entries.n || j < f->fresh.entries.n)) {
		const struct tree_entry *o = i < f->old.entries.n ? &f->old.entries.v[i] : NULL;
		const struct tree_entry *n = j < f->fresh.entries.n ? &f->fresh.entries.v[j] : NULL;
		int order = !o ? 1 : !n ? -1 : strcmp(o->name, n->name);

		if (order > 0)
			vec_push(&f->merged.entries, *n);
		else
			rc = order ? merge_old(k, o, depth, f) : merge_both(k, o, n, depth, f);
		i += order <= 0;
		j += order >= 0;
	}
	return rc;
}

/* Loads both; *unknown: the old one is not here, and nothing has come in its place. */
static int load(struct keeper *k, const struct tree_entry *old, const struct tree_entry *fresh,
		struct folders *f, bool *unknown)
{
	const char *path = k->path.buf;

	if (fresh && tree_load_at(k->store, &fresh->oid, path, &f->fresh, k->err))
		return -1;
	*unknown = !f->fresh.entries.n && !mlops_store_has(k->store, &old->oid);
	return *unknown ? 0 : tree_load_at(k->store, &old->oid, path, &f->old, k->err);
}

static int keep_loaded(struct keeper *k, const struct tree_entry *old,
		       const struct tree_entry *fresh, int depth, struct folders *f,
		       struct tree_entry *out)
{
	bool unknown;

	if (load(k, old, fresh, f, &unknown))
		return -1;
	if (unknown) {
		f->kept = true;
		*out = *old;
		return 0;
	}
	if (merge(k, depth, f))
		return -1;
	if (f->kept)
		return tree_put(k->store, &f->merged, out, k->err);
	if (fresh)
		*out = *fresh;
	return 0;
}

static int keep_folder(struct keeper *k, const struct tree_entry *old,
		       const struct tree_entry *fresh, int depth, struct tree_entry *out,
		       bool *kept)
{
	struct folders f = { 0 };

	if (depth > TREE_DEPTH_MAX)
		return err_set(k->err, MLOPS_ECORRUPT,
			       "the tree of '%.100s...' is nested deeper than %d folders",
			       k->path.buf, TREE_DEPTH_MAX);
	int rc = keep_loaded(k, old, fresh, depth, &f, out);
	tree_clear(&f.old);
	tree_clear(&f.fresh);
	tree_clear(&f.merged);
	*kept = f.kept;
	return rc;
}

int tree_keep_absent(struct store *store, const struct tree_entry *old,
		     const struct tree_entry *fresh, const char *shown, struct tree_entry *out,
		     struct mlops_error *err)
{
	struct keeper k = { .store = store, .err = err };
	bool kept;

	if (mlops_oid_equal(&old->oid, &fresh->oid)) {
		*out = *fresh;
		return 0;
	}
	strbuf_adds(&k.path, shown);
	int rc = keep_folder(&k, old, fresh, 0, out, &kept);
	strbuf_clear(&k.path);
	return rc;
}
