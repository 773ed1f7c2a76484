/* Rules of .mlopsignore: which pattern decides. tests/cli/0208 compares them with git's. */
#include "store/ignores.h"

#include "unit.h"

static void assert_ignores(const struct ignores *ig, bool want, const char *path, bool folder)
{
	if (ignores_match(ig, path, folder) != want)
		fail_msg("'%s' should%s be left out", path, want ? "" : " not");
}

static void test_rules(void **state)
{
	struct ignores ig = { 0 };

	(void)state;
	assert_ignores(&ig, false, "a", false);
	ignores_add(&ig, "", STR("*.tmp\n!/d/keep.tmp\nbuild/\n/top\n"));
	ignores_add(&ig, "d", STR("!x.tmp\nsub/*.c"));
	assert_ignores(&ig, true, "a.tmp", false);
	assert_ignores(&ig, true, "e/a.tmp", true);
	assert_ignores(&ig, false, "d/keep.tmp", false);
	assert_ignores(&ig, false, "d/x.tmp", false);
	assert_ignores(&ig, false, "d/e/x.tmp", false);
	assert_ignores(&ig, true, "dx/x.tmp", false);
	assert_ignores(&ig, true, "d/sub/a.c", false);
	assert_ignores(&ig, false, "sub/a.c", false);
	assert_ignores(&ig, false, "d/e/sub/a.c", false);
	assert_ignores(&ig, true, "d/build", true);
	assert_ignores(&ig, false, "d/build", false);
	assert_ignores(&ig, true, "top", false);
	assert_ignores(&ig, false, "d/top", false);
	ignores_clear(&ig);
}

static void test_lines(void **state)
{
	struct ignores ig = { 0 };

	(void)state;
	ignores_add(&ig, "", STR("\n#x\n\\#y\n!\n/\n \nspace \\ \nend   \n\\!z\n"));
	assert_ignores(&ig, false, "#x", false);
	assert_ignores(&ig, true, "#y", false);
	assert_ignores(&ig, true, "space  ", false);
	assert_ignores(&ig, true, "end", false);
	assert_ignores(&ig, true, "!z", false);
	assert_ignores(&ig, false, "other", true);
	ignores_clear(&ig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
