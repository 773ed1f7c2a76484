/* Escaping for XML and HTML. */
#include "unit.h"

#include "fmt/markup.h"

static char *escaped(const char *text)
{
	autobuf out = { 0 };

	markup_add(&out, text);
	return strbuf_steal(&out);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_made(escaped("<a href='x' b=\"&amp;\">"),
		    "&lt;a href=&#39;x&#39; b=&quot;&amp;amp;&quot;&gt;");
	assert_made(escaped("\xe4\xb8\xad\t\n"), "\xe4\xb8\xad\t\n");
	assert_made(escaped("\x01\x1b\xff\xef\xbf\xbf"),
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_made(escaped(""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_escapes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
