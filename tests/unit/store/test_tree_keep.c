/* What was never pulled stays in a tree that is made anew. */
#include "store/store.h"
#include "store/tree_edit.h"

#include "unit_project.h"

static struct mlops_error err;

/* A file whose content is put, or only named. */
static struct tree_entry file_of(struct store *store, const char *content, bool put)
{
	struct tree_entry e = { .kind = TREE_FILE, .size = strlen(content), .files = 1 };

	assert_success(store_take_buf(store, content, strlen(content), put, &e.oid, &err));
	return e;
}

static struct tree_entry set(struct store *store, const struct tree_entry *root, const char *path,
			     const struct tree_entry *entry)
{
	struct tree_edit edit = { path, entry };
	struct tree_entry out;

	assert_success(tree_edit(store, root ? &root->oid : NULL, "d", &edit, 1, &out, &err));
	return out;
}

static void test_keep(void **state)
{
	struct unit_project *u = *state;
	struct tree_entry old, fresh, merged, e;
	struct store *store;

	assert_success(mlops_store_of(u->project, &store, &err));
	struct tree_entry here = file_of(store, "here", true);
	struct tree_entry absent = file_of(store, "absent", false);
	old = set(store, NULL, "gone", &here);
	old = set(store, &old, "never/pulled", &absent);
	old = set(store, &old, "both/gone", &here);
	old = set(store, &old, "both/absent", &absent);
	fresh = set(store, NULL, "both/new", &here);
	assert_success(tree_keep_absent(store, &old, &fresh, "d", &merged, &err));
	assert_int_equal(merged.files, 3);
	assert_int_equal(merged.size, 16);
	assert_success(tree_lookup(store, &merged.oid, "d", "never/pulled", &e, &err));
	assert_success(tree_lookup(store, &merged.oid, "d", "both/absent", &e, &err));
	assert_success(tree_lookup(store, &merged.oid, "d", "both/new", &e, &err));

	assert_success(tree_keep_absent(store, &merged, &merged, "d", &e, &err));
	assert_true(mlops_oid_equal(&e.oid, &merged.oid));
	fresh = set(store, NULL, "never", &here); /* a file where the folder was is meant */
	assert_success(tree_keep_absent(store, &old, &fresh, "d", &merged, &err));
	assert_int_equal(merged.files, 2);
}

static void test_unknown_listing(void **state)
{
	struct tree_entry old = { .kind = TREE_FOLDER, .size = 70, .files = 7 };
	struct unit_project *u = *state;
	struct tree_entry root, fresh, merged;
	struct store *store;

	memset(old.oid.sha256, 7, sizeof(old.oid.sha256));
	assert_success(mlops_store_of(u->project, &store, &err));
	struct tree_entry here = file_of(store, "here", true);
	root = set(store, NULL, "sub", &old);
	fresh = set(store, NULL, "new", &here);
	assert_success(tree_keep_absent(store, &root, &fresh, "d", &merged, &err));
	assert_int_equal(merged.files, 8);
	assert_int_equal(merged.size, 74);
	fresh = set(store, NULL, "sub/new", &here);
	assert_error(tree_keep_absent(store, &root, &fresh, "d", &merged, &err), MLOPS_ENOTFOUND,
		     "the listing of the folder 'd/sub' is not in the store");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_keep),
		unit_project_test(test_unknown_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
