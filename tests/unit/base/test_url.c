/* URLs: what is taken apart, and what is refused. */
#include "unit.h"

#include "base/url.h"

static void test_parts(void **state)
{
	autoerr err = ERR_INIT;
	autourl u = { 0 };

	(void)state;
	assert_success(url_parse("S3://Me@Host.Example:9000/a/b%20c?x=1", &u, &err));
	assert_string_equal(u.scheme, "s3");
	assert_string_equal(u.user, "Me");
	assert_string_equal(u.host, "host.example");
	assert_int_equal(u.port, 9000);
	assert_string_equal(u.path, "/a/b%20c");
	assert_string_equal(u.query, "x=1");
	url_clear(&u);
	assert_success(url_parse("http://[::1]:80", &u, &err));
	assert_string_equal(u.host, "[::1]");
	assert_string_equal(u.path, "");
	assert_null(u.query);
	assert_true(url_is_loopback(&u));
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",           "host",         "://host",      "http://",       "http:///p",
		"1http://h",  "http://a:b@h", "http://@h",    "http://h:0",    "http://h:65536",
		"http://h:x", "http://h h/",  "http://h/a b", "http://h/\n",   "http://h/#f",
		"http://h\\", "http://[::1",  "http://[]/",   "http://a@b@c/", "http://h,i/",
	};
	autoerr err = ERR_INIT;
	struct url u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_error(url_parse(bad[i], &u, &err), MLOPS_EINVALID, "no valid URL");
	assert_int_equal(url_parse("http://me:secret@h/", &u, &err), -1);
	assert_null(strstr(err.msg, "secret"));
}

static char *encoded(const char *text, const char *keep)
{
	struct strbuf out = { 0 };

	url_encode(&out, text, keep);
	return strbuf_steal(&out);
}

static void test_encoding(void **state)
{
	autobuf out = { 0 };

	(void)state;
	assert_made(encoded("a/b c~\xc3\xa4+&", "/"), "a/b%20c~%C3%A4%2B%26");
	assert_made(encoded("a/b", ""), "a%2Fb");
	assert_true(url_decode(&out, "a%2Fb%c3%A4", 11));
	assert_string_equal(out.buf, "a/b\xc3\xa4");
	assert_false(url_decode(&out, "%00", 3));
	assert_false(url_decode(&out, "%4", 2));
	assert_false(url_decode(&out, "%zz", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
