/* Signatures as in the examples of the AWS documentation, and the files they take keys from. */
#include "unit.h"

#include "remote/s3/ini.h"
#include "remote/s3/sigv4.h"
#include "remote/s3/sts.h"

#define EMPTY       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MAY_24_2013 1369353600

static void check(const char *address, const char *signature)
{
	const struct aws_key key = { .id = (char *)"AKIAIOSFODNN7EXAMPLE",
				     .secret = (char *)"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
	const struct strlist none = { 0 };
	autostrlist out = { 0 };
	autoerr err = ERR_INIT;
	autourl url = { 0 };

	assert_success(url_parse(address, &url, &err));
	const struct sigv4 s = { &key, "us-east-1", "s3", MAY_24_2013, "GET", &url, EMPTY, &none };
	assert_success(sigv4_sign(&s, &out, &err));
	assert_true(strlist_has(&out, "x-amz-date: 20130524T000000Z"));
	autofree char *want = xasprintf("Authorization: AWS4-HMAC-SHA256 "
					"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
					"aws4_request, SignedHeaders=host;x-amz-content-sha256;"
					"x-amz-date, Signature=%s",
					signature);
	assert_true(strlist_has(&out, want));
}

static void test_examples(void **state)
{
	(void)state;
	check("https://examplebucket.s3.amazonaws.com/?lifecycle=",
	      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	check("https://examplebucket.s3.amazonaws.com:443/?max-keys=2&prefix=J",
	      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void test_ini(void **state)
{
	static const char text[] = "# of ours\n[default]\nregion = eu-west-1 ; near\n"
				   "s3 =\n  addressing_style = path\n\n"
				   "[profile a b]\r\nregion=us-west-2\r\nkey = a=b#c\n"
				   "[default]\nregion = eu-west-2\n[broken\nregion = x\n";
	const struct strbuf buf = { (char *)text, sizeof(text) - 1, 0 };

	(void)state;
	assert_made(ini_get(&buf, "default", "region"), "eu-west-2");
	assert_made(ini_get(&buf, "profile a b", "region"), "us-west-2");
	assert_made(ini_get(&buf, "profile a b", "key"), "a=b#c");
	assert_null(ini_get(&buf, "default", "addressing_style"));
	assert_null(ini_get(&buf, "profile a", "region"));
	assert_null(ini_get(&(struct strbuf){ 0 }, "default", "region"));
}

static void test_json(void **state)
{
	static const char text[] = "{\"Version\":1,\"AccessKeyId\":\"i\",\"SecretAccessKey\":\"s\","
				   "\"Token\":\"t\",\"Expiration\":\"2013-05-24T00:00:00Z\"}";
	autokey key = { 0 };

	(void)state;
	assert_true(sts_take_json(text, strlen(text), &key));
	assert_string_equal(key.id, "i");
	assert_string_equal(key.secret, "s");
	assert_string_equal(key.token, "t");
	assert_int_equal(key.expires_s, MAY_24_2013);
	assert_false(sts_take_json("{}", 2, &key));
	assert_false(sts_take_json("{", 1, &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_ini),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
