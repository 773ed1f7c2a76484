/* Copy-on-write edits of stored trees, where nothing but the trees on the path is here. */
#include "store/tree_edit.h"

#include "unit_project.h"

static struct mlops_error err;

struct fixture {
	struct store *store;
	struct oid root;
};

static struct tree_entry file_of(const char *content)
{
	struct tree_entry e = { .kind = TREE_FILE, .size = strlen(content), .files = 1 };

	memset(e.oid.sha256, *content, sizeof(e.oid.sha256));
	return e;
}

/* One edit; `content` NULL removes. */
static int edit(struct fixture *f, const char *path, const char *content)
{
	struct tree_entry entry = file_of(content ? content : ""), out;
	struct tree_edit e = { path, content ? &entry : NULL };
	int rc = tree_edit(f->store, &f->root, "data", &e, 1, &out, &err);

	if (!rc)
		f->root = out.oid;
	return rc;
}

static int list_one(const struct object_visit *v, void *arg, struct mlops_error *e)
{
	(void)e;
	if (*v->path)
		strbuf_addf(arg, "%s%s ", v->path, v->is_tree ? "/" : "");
	return 0;
}

static void assert_lists(struct fixture *f, const char *want)
{
	struct object_ref ref = { .kind = OBJECT_TREE, .oid = f->root };
	autobuf got = { 0 };

	strbuf_adds(&got, "");
	assert_success(mlops_object_visit(f->store, &ref, list_one, &got, &err));
	assert_string_equal(got.buf, want);
}

/* The tree that a merge of these edits into nothing gives: none of the files is in the store. */
static struct fixture start(struct unit_project *u)
{
	static const char *const paths[] = { "sub/y", "b", "sub-1", "sub/deep/z", "a" };
	struct tree_entry entry = file_of("one"), out;
	struct tree_edit edits[ARRAY_LEN(paths)];
	struct fixture f;

	assert_success(mlops_store_of(u->project, &f.store, &err));
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		edits[i] = (struct tree_edit){ paths[i], &entry };
	assert_success(tree_edit(f.store, NULL, "data", edits, ARRAY_LEN(paths), &out, &err));
	assert_int_equal(out.kind, TREE_FOLDER);
	assert_int_equal(out.files, 5);
	assert_int_equal(out.size, 15);
	f.root = out.oid;
	return f;
}

static void test_set_and_remove(void **state)
{
	struct fixture f = start(*state);
	struct oid first = f.root;

	assert_lists(&f, "a b sub/ sub/deep/ sub/deep/z sub/y sub-1 ");
	assert_success(edit(&f, "sub/new/x", "xx"));
	assert_success(edit(&f, "0", "0"));
	assert_success(edit(&f, "b", NULL));
	assert_success(edit(&f, "sub/deep/z", NULL));
	assert_lists(&f, "0 a sub/ sub/deep/ sub/new/ sub/new/x sub/y sub-1 ");
	assert_success(edit(&f, "sub/new", NULL));
	assert_success(edit(&f, "0", NULL));
	assert_success(edit(&f, "b", "one"));
	assert_success(edit(&f, "sub/deep/z", "one"));
	assert_true(mlops_oid_equal(&f.root, &first));
}

static void test_lookup(void **state)
{
	struct fixture f = start(*state);
	struct tree_entry e;

	assert_success(tree_lookup(f.store, &f.root, "data", "sub/deep/z", &e, &err));
	assert_int_equal(e.kind, TREE_FILE);
	assert_string_equal(e.name, "z");
	assert_success(tree_lookup(f.store, &f.root, "data", "sub", &e, &err));
	assert_int_equal(e.files, 2);
	assert_error(tree_lookup(f.store, &f.root, "data", "sub/no", &e, &err), MLOPS_ENOTFOUND,
		     "'data/sub/no' is not listed");
	assert_error(tree_lookup(f.store, &f.root, "data", "a/b", &e, &err), MLOPS_ENOTFOUND,
		     "'data/a/b' is not listed");
}

static void test_refused(void **state)
{
	struct fixture f = start(*state);
	struct tree_entry entry = file_of("one"), out;
	struct tree_edit twice[] = { { "sub/y", NULL }, { "sub", &entry } };
	struct oid first = f.root;

	assert_error(edit(&f, "sub/no", NULL), MLOPS_ENOTFOUND, "'data/sub/no' is not listed");
	assert_error(edit(&f, "a/b", "x"), MLOPS_EINVALID, "'data/a' is not a folder");
	assert_error(edit(&f, "sub/../b", "x"), MLOPS_EINVALID, "no name for a tree");
	assert_error(edit(&f, "sub/.git", "x"), MLOPS_EINVALID, "no name for a tree");
	assert_error(edit(&f, "", "x"), MLOPS_EINVALID, "no name for a tree");
	assert_error(tree_edit(f.store, &f.root, "data", twice, 2, &out, &err), MLOPS_EINVALID,
		     "'data/sub' is changed twice");
	assert_true(mlops_oid_equal(&f.root, &first));
}

static void test_only_the_path_is_needed(void **state)
{
	struct fixture f = start(*state);
	struct tree_entry elsewhere = { .kind = TREE_FOLDER, .size = 1000, .files = 10 }, out;
	struct tree_edit edits[] = { { "far", &elsewhere } };

	memset(elsewhere.oid.sha256, 7, sizeof(elsewhere.oid.sha256));
	assert_success(tree_edit(f.store, &f.root, "data", edits, 1, &out, &err));
	f.root = out.oid;
	assert_success(edit(&f, "sub/y", "four"));
	assert_success(tree_lookup(f.store, &f.root, "data", "far", &out, &err));
	assert_int_equal(out.files, 10);
	assert_error(edit(&f, "far/x", "x"), MLOPS_ENOTFOUND,
		     "the listing of the folder 'data/far' is not in the store");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_set_and_remove),
		unit_project_test(test_lookup),
		unit_project_test(test_refused),
		unit_project_test(test_only_the_path_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
