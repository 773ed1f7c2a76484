/* Paths as text. */
#include "unit.h"

static void join(void **state)
{
	(void)state;
	assert_made(path_join("a", "b"), "a/b");
	assert_made(path_join("a/", "b"), "a/b");
	assert_made(path_join("", "b"), "b");
	assert_made(path_join("a", "/b"), "/b");
	assert_made(path_join("/", "b"), "/b");

	autobuf path = { 0 };
	assert_int_equal(path_push(&path, "a"), 0);
	assert_int_equal(path_push(&path, "b"), 1);
	assert_string_equal(path.buf, "a/b");
}

static void base_and_dir(void **state)
{
	(void)state;
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	assert_made(path_dir("a/b"), "a");
	assert_made(path_dir("b"), ".");
	assert_made(path_dir("/b"), "/");
}

static void normalize(void **state)
{
	static const char *const cases[][2] = {
		{ "a//b/./c/", "a/b/c" }, { "a/../b", "b" }, { "../a", "../a" },
		{ "a/../../b", "../b" },  { "/../a", "/a" }, { "/", "/" },
		{ "/a/..", "/" },         { "", "." },       { "./.", "." },
		{ "a/..", "." },          { "...", "..." },  { "../../x/..", "../.." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_made(path_normalize(cases[i][0]), cases[i][1]);
}

static void safe(void **state)
{
	static const char *const good[] = { "a", "a/b", "..a", "a..", ".a", "a b/\xc3\xa9", "-" };
	static const char *const bad[] = { "",     "/",     "/a",   ".",  "..",  "a/..",
					   "../a", "a/./b", "a//b", "a/", "./a", "a/../b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(path_is_safe(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(path_is_safe(bad[i]));
	assert_false(path_is_safe_name("a\0b", 3));
	assert_false(path_is_safe_name("a/b", 3));
}

static void safe_has_limits(void **state)
{
	char name[258], path[4200];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	assert_true(path_is_safe(name));
	name[255] = 'x';
	name[256] = '\0';
	assert_false(path_is_safe(name));
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : 'x';
	path[4095] = '\0';
	assert_true(path_is_safe(path));
	path[4095] = '/';
	path[4097] = '\0';
	assert_false(path_is_safe(path));
}

static void relative(void **state)
{
	static const char *const cases[][3] = {
		{ "/a/b", "/a/b", "." },
		{ "/a/b", "/a/b/c", "c" },
		{ "/a/b", "/a", ".." },
		{ "/a/b", "/a/c", "../c" },
		{ "/a/b", "/a/bc", "../bc" },
		{ "/a/bc", "/a/b", "../b" },
		{ "/", "/a", "a" },
		{ "/a", "/", ".." },
		{ "/", "/", "." },
		{ "/a/b/c", "/x", "../../../x" },
		{ "/a/b", "/", "../.." },
		{ "/ab/c", "/a/c", "../../a/c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_made(path_relative(cases[i][0], cases[i][1]), cases[i][2]);
}

/* Joining `from` with the answer and normalizing gives the path again. */
static void relative_leads_back(void **state)
{
	static const char *const paths[] = { "/", "/a", "/ab", "/a/b", "/a/bc", "/a/b/c", "/b/a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		for (size_t j = 0; j < ARRAY_LEN(paths); j++) {
			autofree char *way = path_relative(paths[i], paths[j]);
			autofree char *joined = path_join(paths[i], way);

			assert_made(path_normalize(joined), paths[j]);
		}
	}
}

static void below(void **state)
{
	(void)state;
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/a"));
	assert_true(path_is_below("/a", "/"));
	assert_false(path_is_below("/ab", "/a"));
	assert_false(path_is_below("/", "/a"));
}

/* As a walk goes: what a folder holds comes before its longer-named siblings. */
static void compare(void **state)
{
	static const char *const sorted[] = { "", "a", "a/b", "a/b/c", "a/b-", "a/c", "a-", "a-/b", "ab", "\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		for (size_t j = 0; j < ARRAY_LEN(sorted); j++)
			assert_int_equal(path_compare(sorted[i], sorted[j]), (i > j) - (i < j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join),
		cmocka_unit_test(base_and_dir),
		cmocka_unit_test(normalize),
		cmocka_unit_test(safe),
		cmocka_unit_test(safe_has_limits),
		cmocka_unit_test(relative),
		cmocka_unit_test(relative_leads_back),
		cmocka_unit_test(below),
		cmocka_unit_test(compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
