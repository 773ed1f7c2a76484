/* Globs: what git's own matcher says for the same patterns (gitignore(5), t3070-wildmatch). */
#include "base/glob.h"

#include "unit.h"

static void assert_name(bool want, const char *pattern, const char *name)
{
	if (glob_match_name(str_of(pattern), str_of(name)) != want)
		fail_msg("'%s' should%s match '%s'", pattern, want ? "" : " not", name);
}

static void assert_path(bool want, const char *pattern, const char *path)
{
	if (glob_match_path(pattern, path) != want)
		fail_msg("'%s' should%s match '%s'", pattern, want ? "" : " not", path);
}

static void test_names(void **state)
{
	(void)state;
	assert_name(true, "foo", "foo");
	assert_name(false, "foo", "fo");
	assert_name(false, "fo", "foo");
	assert_name(true, "*", "");
	assert_name(true, "*.csv", ".csv");
	assert_name(true, "*a*b*", "xxaxxbxx");
	assert_name(false, "*a*b", "ab_");
	assert_name(true, "**", "x");
	assert_name(true, "?\xff?", "a\xff\n");
	assert_name(false, "???", "ab");
	assert_name(true, "[a-c]x[!0-9]", "bxy");
	assert_name(false, "[a-c]x[^0-9]", "bx7");
	assert_name(true, "[]-]", "-");
	assert_name(true, "[]a]", "]");
	assert_name(true, "[a-]", "-");
	assert_name(true, "[[:alpha:][:digit:]]", "7");
	assert_name(false, "[[:upper:]]", "a");
	assert_name(false, "[[:none:]]", "n");
	assert_name(true, "[\\]]", "]");
	assert_name(false, "[ab", "a");
	assert_name(false, "[ab", "[ab");
	assert_name(true, "\\*\\[", "*[");
	assert_name(false, "\\*", "x");
	assert_name(true, "a\\", "a\\");
}

static void test_paths(void **state)
{
	(void)state;
	assert_path(true, "a/*.csv", "a/b.csv");
	assert_path(false, "a/*.csv", "a/b/c.csv");
	assert_path(false, "a*c", "a/c");
	assert_path(true, "**/x", "x");
	assert_path(true, "**/x", "a/b/x");
	assert_path(true, "a/**/x", "a/x");
	assert_path(true, "a/**/b/**/x", "a/1/b/2/3/x");
	assert_path(false, "a/**/b/**/x", "a/1/2/3/x");
	assert_path(true, "a/**", "a/b/c");
	assert_path(false, "a/**", "a");
	assert_path(false, "a/b", "a");
	assert_path(false, "a", "a/b");
	assert_path(true, "**/*.csv", "a/b.csv");
	assert_path(false, "**/b", "a/b/c");
	assert_path(true, "**/a/*/c", "a/a/b/c");
}

/* A matcher that tries all ways would take years. */
static void test_no_blow_up(void **state)
{
	char name[201] = { 0 };

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_name(false, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name);
	for (size_t i = 1; i < sizeof(name) - 1; i += 2)
		name[i] = '/';
	assert_path(false, "**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b", name);
}

static void test_is_pattern(void **state)
{
	(void)state;
	assert_true(glob_is_pattern("a/*"));
	assert_true(glob_is_pattern("\\\\?"));
	assert_false(glob_is_pattern("a/\\*]"));
	assert_false(glob_is_pattern("a\\"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_no_blow_up),
		cmocka_unit_test(test_is_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
