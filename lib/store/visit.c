/* Walking all objects below a ref. */
#include "base/path.h"
#include "store/tree.h"

struct visitor {
	struct store *store;
	int (*fn)(const struct object_visit *v, void *arg, struct mlops_error *err);
	void *arg;
	struct strbuf path;
	struct mlops_error *err;
};

static int visit_tree(struct visitor *v, const struct oid *oid, int depth);

static int visit_leaf(struct visitor *v, const struct oid *oid, uint64_t size)
{
	struct object_visit what = { .oid = *oid, .size = size, .path = v->path.buf };

	what.missing = !mlops_store_has(v->store, oid);
	return v->fn(&what, v->arg, v->err);
}

static int visit_entry(struct visitor *v, const struct tree_entry *e, int depth)
{
	size_t len = path_push(&v->path, e->name);
	int rc = e->kind == TREE_FOLDER ? visit_tree(v, &e->oid, depth + 1) :
				      visit_leaf(v, &e->oid, e->size);
	strbuf_trunc(&v->path, len);
	return rc;
}

static int visit_children(struct visitor *v, const struct oid *oid, int depth)
{
	struct tree tree;
	int rc = 0;

	if (tree_load(v->store, oid, &tree, v->err))
		return -1;
	for (size_t i = 0; !rc && i < tree.entries.n; i++)
		rc = visit_entry(v, &tree.entries.v[i], depth);
	tree_clear(&tree);
	return rc;
}

static int visit_tree(struct visitor *v, const struct oid *oid, int depth)
{
	struct object_visit what = { .oid = *oid, .is_tree = true, .path = v->path.buf };
	autoerr absent = ERR_INIT;

	if (depth > TREE_DEPTH_MAX)
		return err_set(v->err, MLOPS_ECORRUPT, "'%s' is nested deeper than %d folders",
			       v->path.buf, TREE_DEPTH_MAX);
	what.missing = mlops_store_size(v->store, oid, &what.size, &absent);
	int rc = v->fn(&what, v->arg, v->err);
	return rc || what.missing ? rc : visit_children(v, oid, depth);
}

int mlops_object_visit(struct store *store, const struct object_ref *ref,
		       int (*fn)(const struct object_visit *v, void *arg, struct mlops_error *err),
		       void *arg, struct mlops_error *err)
{
	struct visitor v = { .store = store, .fn = fn, .arg = arg, .err = err };
	int rc;

	strbuf_adds(&v.path, "");
	rc = ref->kind == OBJECT_TREE ? visit_tree(&v, &ref->oid, 0) :
					visit_leaf(&v, &ref->oid, ref->size);
	strbuf_clear(&v.path);
	return rc;
}
