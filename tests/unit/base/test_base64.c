/* Base64. */
#include "unit.h"

#include "base/base64.h"

static void check(const char *text, const char *want)
{
	autobuf out = { 0 };

	strbuf_adds(&out, ">");
	assert_int_equal(base64_decode(text, strlen(text), &out), want != NULL);
	assert_string_equal(out.buf + 1, want ? want : "");
}

static void test_decode(void **state)
{
	(void)state;
	check("", "");
	check("Zg==", "f");
	check("Zm8=", "fo");
	check("Zm9v", "foo");
	check("Zm9vYmFy", "foobar");
	check("+/+/", "\xfb\xff\xbf");
	check("Zg", NULL);
	check("Zg=", NULL);
	check("Z===", NULL);
	check("====", NULL);
	check("Zg==Zg==", NULL);
	check("Zh==", NULL); /* bits that nothing sets */
	check("Zm9=", NULL);
	check("Zm 9", NULL);
	check("Zm9v\n", NULL);
	check("Zm9-", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_decode) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
