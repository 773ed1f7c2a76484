/* Names that differ by case alone. */
#include "store/fold.h"

#include "unit.h"

/* Entries are given in order of name. */
static bool collide(const char *const *names, const char **a, const char **b)
{
	struct tree tree = { 0 };
	bool found;

	for (; *names; names++)
		vec_push(&tree.entries, { .kind = TREE_FILE, .name = *names });
	found = fold_collision(&tree, a, b);
	tree_clear(&tree);
	return found;
}

static void test_collisions(void **state)
{
	const char *a, *b;

	(void)state;
	assert_true(collide((const char *[]){ "A.csv", "a.csv", NULL }, &a, &b));
	assert_string_equal(a, "a.csv");
	assert_string_equal(b, "A.csv");
	assert_true(collide((const char *[]){ "Ab", "X", "aB", NULL }, &a, &b));
	assert_false(collide((const char *[]){ "A", "B", "\xc3\x84", "\xc3\xa4", "a1", NULL }, &a, &b));
	assert_false(collide((const char *[]){ NULL }, &a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_collisions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
