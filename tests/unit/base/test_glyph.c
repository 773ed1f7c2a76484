/* Text as a terminal shows it. */
#include "unit.h"

#include "base/glyph.h"

static void assert_glyph(const char *text, uint32_t code, size_t columns, size_t bytes)
{
	struct glyph g;

	assert_int_equal(glyph_next(text, &g), bytes);
	assert_int_equal(g.code, code);
	assert_int_equal(g.columns, columns);
}

static void test_next(void **state)
{
	(void)state;
	assert_glyph("ab", 'a', 1, 1);
	assert_glyph("\xc3\xa9", 0xe9, 1, 2);
	assert_glyph("\xe4\xb8\xad", 0x4e2d, 2, 3);
	assert_glyph("\xf0\x9f\x98\x80", 0x1f600, 2, 4);
	assert_glyph("\033[m", GLYPH_UNKNOWN, 1, 1);
	assert_glyph("\x7f", GLYPH_UNKNOWN, 1, 1);
	assert_glyph("\xcc\x81", GLYPH_UNKNOWN, 1, 2);     /* a mark alone */
	assert_glyph("\xe2\x80\xae", GLYPH_UNKNOWN, 1, 3); /* turns text around */
	assert_glyph("\xc3", GLYPH_UNKNOWN, 1, 1);
	assert_glyph("\xed\xa0\x80", GLYPH_UNKNOWN, 1, 1); /* a surrogate */
}

static char *shown(const char *text)
{
	autobuf out = { 0 };

	glyph_add_text(&out, text);
	return strbuf_steal(&out);
}

static void test_text(void **state)
{
	(void)state;
	assert_made(shown("a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80");
	assert_made(shown("\n\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
	assert_made(shown(""), "");
	assert_int_equal(glyph_columns("a\xe4\xb8\xad\n"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
