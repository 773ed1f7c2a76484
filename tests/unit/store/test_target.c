/* Which pointers paths are about. */
#include "store/target.h"

#include "unit_project.h"

static struct mlops_error err;

static void point(struct unit_project *u, const char *path, enum object_kind kind)
{
	autofree char *file = xasprintf("%s/%s" POINTER_SUFFIX, u->dir, path);
	struct pointer p = { (char *)path, { .kind = kind, .files = 1 } };
	autobuf text = { 0 };

	pointer_format(&p, &text);
	assert_success(fs_mkdirs_for(file, &err));
	assert_success(fs_write_atomic(file, text.buf, text.len, 0644, &err));
}

static void load(struct unit_project *u, struct targets *t)
{
	point(u, "a/d", OBJECT_TREE);
	point(u, "a/d-1", OBJECT_FILE);
	point(u, "f", OBJECT_FILE);
	assert_success(targets_load(t, u->project, &err));
}

static void test_find(void **state)
{
	autotargets t = { 0 };

	load(*state, &t);
	assert_string_equal(targets_above(&t, "a/d/x/y")->path, "a/d");
	assert_string_equal(targets_above(&t, "a/d-1")->path, "a/d-1");
	assert_null(targets_above(&t, "a"));
	assert_null(targets_above(&t, "a/dx"));
	assert_string_equal(targets_below(&t, "a")->path, "a/d");
	assert_null(targets_below(&t, "a/d"));
	assert_null(targets_below(&t, "g"));
}

static void test_choose(void **state)
{
	const char *paths[] = { "a/d/x", "new", "a/d/y/z", "new", "f" };
	const char *both[] = { "a/d/x", "a/d" }, *below_file[] = { "f/x" };
	autotargets t = { 0 };

	load(*state, &t);
	assert_success(targets_choose(&t, paths, ARRAY_LEN(paths), &err));
	assert_int_equal(t.all.n, 3);
	assert_string_equal(t.all.v[0].path, "a/d");
	assert_int_equal(t.all.v[0].inside.n, 2);
	assert_string_equal(t.all.v[0].inside.v[1], "y/z");
	assert_null(t.all.v[1].known);
	assert_int_equal(t.all.v[2].known->ref.kind, OBJECT_FILE);
	assert_error(targets_choose(&t, both, 2, &err), MLOPS_EINVALID, "'a/d/x' lies in 'a/d'");
	assert_error(targets_choose(&t, below_file, 1, &err), MLOPS_EINVALID, "tracked as a file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_find),
		unit_project_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
