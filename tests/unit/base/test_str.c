/* Text: buffers, slices, UTF-8, suggestions. */
#include "base/str.h"

#include "unit.h"

static void buffer_grows(void **state)
{
	autobuf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%d,", i % 10);
	assert_int_equal(b.len, 2000);
	assert_int_equal(strlen(b.buf), 2000);
	strbuf_trunc(&b, 4);
	assert_string_equal(b.buf, "0,1,");
	strbuf_trunc(&b, 10);
	assert_int_equal(b.len, 4);
	strbuf_addc(&b, 'x');
	assert_made(strbuf_steal(&b), "0,1,x");
	assert_null(b.buf);
	assert_made(strbuf_steal(&b), "");
}

static void split_and_trim(void **state)
{
	struct str rest, part = str_split(str_of("a,,b"), ',', &rest);

	(void)state;
	assert_true(str_eq(part, "a"));
	part = str_split(rest, ',', &rest);
	assert_true(str_eq(part, ""));
	part = str_split(rest, ',', &rest);
	assert_true(str_eq(part, "b"));
	assert_int_equal(rest.n, 0);
	assert_true(str_eq(str_trim(str_of(" \t a b \r\n")), "a b"));
	assert_int_equal(str_trim(str_of("  ")).n, 0);
	assert_int_equal(str_trim((struct str){ "\0 ", 2 }).n, 1); /* a NUL is no blank */
	assert_true(str_starts("abc", "ab") && !str_starts("a", "ab") && str_ends("abc", "bc"));
}

static void suggestions(void **state)
{
	static const char *const words[] = { "track", "status", "push", "pull", "remote", NULL };

	(void)state;
	assert_string_equal(str_suggest("psuh", words), "push");
	assert_string_equal(str_suggest("statsu", words), "status");
	assert_string_equal(str_suggest("remotes", words), "remote");
	assert_null(str_suggest("deploy", words));
	assert_null(str_suggest(
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", words));
}

static void utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\xc3\xa9", "\xe2\x82\xac",
					    "\xf0\x9f\x98\x80" };
	static const char *const bad[] = { "\x80",
					   "\xc3",
					   "\xc0\xaf",     /* overlong */
					   "\xed\xa0\x80", /* surrogate */
					   "\xf4\x90\x80\x80",
					   "\xe2\x82",
					   "\xff" };
	autobuf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	utf8_mend(&b, "a\xff\xc3\xa9", 4);
	assert_string_equal(b.buf, "a\xef\xbf\xbd\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(split_and_trim),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
