/* Lists of differences: one after the other, and files that only moved. */
#include "store/difference.h"

#include "unit.h"

static struct tree_entry entry(enum tree_kind kind, uint8_t content, uint64_t size)
{
	return (struct tree_entry){ .kind = kind, .oid = { { content } }, .size = size, .files = 1 };
}

/* NUL: not there; else the file's content. */
static void add(struct differences *list, const char *path, char before, char after)
{
	struct tree_entry b = entry(TREE_FILE, (uint8_t)before, 1), a = entry(TREE_FILE, (uint8_t)after, 1);

	difference_add(list, path, before ? &b : NULL, after ? &a : NULL, false);
}

static void check(struct differences *list, const char *want)
{
	static const char kinds[] = "ADMRT";
	autobuf got = { 0 };

	strbuf_adds(&got, "");
	for (size_t i = 0; i < list->n; i++) {
		const struct difference *d = &list->v[i];

		strbuf_addf(&got, "%s%c %s%s%s", i ? ", " : "", kinds[d->kind],
			    d->old_path ? d->old_path : "", d->old_path ? " > " : "", d->path);
	}
	assert_string_equal(got.buf, want);
	mlops_diff_free(list->v, list->n);
	*list = (struct differences){ 0 };
}

static void test_sort(void **state)
{
	struct differences list = { 0 };

	(void)state;
	differences_sort(&list);
	check(&list, "");
	add(&list, "b", 0, 'x');
	add(&list, "a-", 0, 'x');
	add(&list, "a/z", 'x', 0);
	add(&list, "same", 0, 'x');
	add(&list, "same", 'x', 0);
	add(&list, "other", 0, 'y');
	add(&list, "other", 'x', 0);
	differences_sort(&list);
	check(&list, "D a/z, A a-, A b, M other");
}

static void test_join(void **state)
{
	static const struct {
		char before, middle, after;
		const char *want;
	} cases[] = {
		{ 'x', 'y', 'z', "M p" }, { 'x', 'y', 'x', "" },    { 'x', 'y', 0, "D p" },
		{ 'x', 0, 'y', "M p" },	  { 'x', 0, 'x', "" },	    { 0, 'x', 'y', "A p" },
		{ 0, 'x', 0, "" },	  { 'x', 'y', 'y', "M p" }, { 'x', 'x', 'y', "M p" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct differences first = { 0 }, second = { 0 };

		if (cases[i].before != cases[i].middle)
			add(&first, "p", cases[i].before, cases[i].middle);
		if (cases[i].middle != cases[i].after)
			add(&second, "p", cases[i].middle, cases[i].after);
		differences_join(&first, &second);
		check(&first, cases[i].want);
	}
	struct differences first = { 0 }, second = { 0 };
	add(&first, "a", 'x', 'y');
	add(&first, "c", 'x', 'y');
	add(&second, "b", 'x', 'y');
	add(&second, "d", 'x', 'y');
	differences_join(&first, &second);
	check(&first, "M a, M b, M c, M d");
}

static void test_renames(void **state)
{
	struct differences list = { 0 };

	(void)state;
	add(&list, "a/one", 'x', 0);
	add(&list, "a/two", 'x', 0);
	add(&list, "b/two", 0, 'x');
	add(&list, "c", 0, 'x');
	add(&list, "d", 0, 'x');
	add(&list, "e", 'y', 0);
	differences_find_renames(&list);
	check(&list, "R a/two > b/two, R a/one > c, A d, D e");
}

/* Empty files, symlinks and content that is not known are no evidence. */
static void test_no_renames(void **state)
{
	struct differences list = { 0 };
	struct tree_entry empty = entry(TREE_FILE, 'x', 0), link = entry(TREE_SYMLINK, 'y', 1);
	struct tree_entry file = entry(TREE_FILE, 'z', 1), unknown = file;

	(void)state;
	unknown.unknown = true;
	difference_add(&list, "a", &empty, NULL, false);
	difference_add(&list, "b", NULL, &empty, false);
	difference_add(&list, "c", &link, NULL, false);
	difference_add(&list, "d", NULL, &link, false);
	difference_add(&list, "e", &file, NULL, false);
	difference_add(&list, "f", NULL, &unknown, true);
	differences_find_renames(&list);
	check(&list, "D a, A b, D c, A d, D e, A f");
}

static void test_kinds(void **state)
{
	struct differences list = { 0 };
	struct tree_entry file = entry(TREE_FILE, 'x', 1), program = entry(TREE_EXECUTABLE, 'x', 1);
	struct tree_entry link = entry(TREE_SYMLINK, 'x', 1);

	(void)state;
	difference_add(&list, "a", &file, &program, false);
	difference_add(&list, "b", &link, &program, false);
	difference_add(&list, "c", &link, &link, false);
	differences_drop_same(&list);
	check(&list, "M a, T b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),	   cmocka_unit_test(test_join),
		cmocka_unit_test(test_renames),	   cmocka_unit_test(test_no_renames),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
