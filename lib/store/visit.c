/* Walking all objects below a ref. */
#include "base/map.h"
#include "base/path.h"
#include "store/tree.h"

struct visitor {
	struct store *store;
	int (*fn)(const struct object_visit *v, void *arg, struct mlops_error *err);
	void *arg;
	struct strbuf path;
	struct mlops_error *err;
};

/* What an entry says of the folder that it names. */
struct claim {
	const struct oid *oid;
	uint64_t size, files;
	bool known; /* false for a ref of which only the name is known */
};

static int visit_tree(struct visitor *v, const struct claim *claim, int depth);

static int visit_leaf(struct visitor *v, const struct oid *oid, uint64_t size, enum tree_kind kind)
{
	struct object_visit what = { .oid = *oid,
				     .size = size,
				     .is_symlink = kind == TREE_SYMLINK,
				     .is_executable = kind == TREE_EXECUTABLE,
				     .path = v->path.buf };

	what.missing = !mlops_store_has(v->store, oid);
	int rc = v->fn(&what, v->arg, v->err);
	return rc == OBJECT_VISIT_SKIP ? 0 : rc;
}

static int visit_entry(struct visitor *v, const struct tree_entry *e, int depth)
{
	const struct claim claim = { &e->oid, e->size, e->files, true };
	size_t len = path_push(&v->path, e->name);
	int rc = e->kind == TREE_FOLDER ? visit_tree(v, &claim, depth + 1) :
				      visit_leaf(v, &e->oid, e->size, e->kind);
	strbuf_trunc(&v->path, len);
	return rc;
}

static int check_claim(const struct visitor *v, const struct claim *claim, const struct tree *tree)
{
	uint64_t size, files;

	if (!claim->known || (tree_totals(tree, &size, &files) && size == claim->size &&
			      files == claim->files))
		return 0;
	return err_set(v->err, MLOPS_ECORRUPT,
		       "the folder '%s' does not hold what is said of it: %llu files of %llu bytes",
		       *v->path.buf ? v->path.buf : ".", (unsigned long long)claim->files,
		       (unsigned long long)claim->size);
}

static int visit_children(struct visitor *v, const struct claim *claim, int depth)
{
	struct tree tree;

	if (tree_load(v->store, claim->oid, &tree, v->err))
		return -1;
	int rc = check_claim(v, claim, &tree);
	for (size_t i = 0; !rc && i < tree.entries.n; i++)
		rc = visit_entry(v, &tree.entries.v[i], depth);
	tree_clear(&tree);
	return rc;
}

static int visit_tree(struct visitor *v, const struct claim *claim, int depth)
{
	struct object_visit what = { .oid = *claim->oid, .is_tree = true, .path = v->path.buf };
	autoerr absent = ERR_INIT;

	if (depth > TREE_DEPTH_MAX)
		return err_set(v->err, MLOPS_ECORRUPT, "'%s' is nested deeper than %d folders",
			       v->path.buf, TREE_DEPTH_MAX);
	what.missing = mlops_store_size(v->store, claim->oid, &what.size, &absent);
	int rc = v->fn(&what, v->arg, v->err);
	if (rc == OBJECT_VISIT_SKIP)
		return 0;
	return rc || what.missing ? rc : visit_children(v, claim, depth);
}

int mlops_object_visit(struct store *store, const struct object_ref *ref,
		       int (*fn)(const struct object_visit *v, void *arg, struct mlops_error *err),
		       void *arg, struct mlops_error *err)
{
	struct visitor v = { .store = store, .fn = fn, .arg = arg, .err = err };
	int rc;

	strbuf_adds(&v.path, "");
	const struct claim claim = { &ref->oid, ref->size, ref->files, ref->size || ref->files };
	rc = ref->kind == OBJECT_TREE ? visit_tree(&v, &claim, 0) :
					visit_leaf(&v, &ref->oid, ref->size,
						   ref->executable ? TREE_EXECUTABLE : TREE_FILE);
	strbuf_clear(&v.path);
	return rc;
}

struct missing {
	struct map seen; /* a set of names */
	uint64_t n;
};

static int count_missing(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct missing *m = arg;

	(void)err;
	if (!v->missing && !v->is_tree)
		return 0;
	if (map_putn(&m->seen, v->oid.sha256, sizeof(v->oid.sha256), m))
		return OBJECT_VISIT_SKIP;
	m->n += v->missing;
	return 0;
}

int mlops_object_missing(struct store *store, const struct object_ref *ref, uint64_t *out,
			 struct mlops_error *err)
{
	struct missing m = { 0 };
	int rc = mlops_object_visit(store, ref, count_missing, &m, err);

	map_clear(&m.seen);
	if (!rc)
		*out = m.n;
	return rc;
}
