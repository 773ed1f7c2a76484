/* The names, digests and descriptors of container registries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fmt/oci.h"

static void test_names(void **state)
{
	static const char *const good[] = { "a", "a/b", "library/redis", "a.b_c__d-e---f/0" };
	static const char *const bad[] = { "",     "/",    "A",    "a/",    "/a", "a//b", "a/../b",
					   ".a",   "a.",   "a..b", "a___b", "-a", "a-",   "a b",
					   "a/_b", "a._b", "a%2f", "a\\b",  "_a", "a\n" };
	char longest[258];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(oci_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(oci_is_name(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[255] = '\0';
	assert_true(oci_is_name(longest));
	longest[255] = 'a';
	longest[256] = '\0';
	assert_false(oci_is_name(longest));
}

static void test_tags(void **state)
{
	char longest[130];

	(void)state;
	assert_true(oci_is_tag("v1.0"));
	assert_true(oci_is_tag("_x"));
	assert_true(oci_is_tag("A-b_C"));
	assert_false(oci_is_tag(""));
	assert_false(oci_is_tag(".x"));
	assert_false(oci_is_tag("-x"));
	assert_false(oci_is_tag("a/b"));
	assert_false(oci_is_tag("a:b"));
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	assert_true(oci_is_tag(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	assert_false(oci_is_tag(longest));
}

#define DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static void test_digests(void **state)
{
	char text[OCI_DIGEST_SIZE];
	struct oid oid;

	(void)state;
	assert_true(oci_parse_digest(DIGEST, &oid));
	assert_string_equal(oci_digest(&oid, text), DIGEST);
	assert_false(oci_parse_digest(DIGEST + 7, &oid));
	assert_false(oci_parse_digest("sha256:" DIGEST, &oid));
	assert_false(oci_parse_digest(DIGEST "0", &oid));
	assert_false(oci_parse_digest("sha512:00", &oid));
	assert_false(oci_parse_digest("sha256:../../x", &oid));
}

static void test_descriptors(void **state)
{
	autojson *v = NULL, *negative = NULL;
	autoerr err = ERR_INIT;
	struct oid oid, other;
	const char *type;
	uint64_t size;

	(void)state;
	assert_true(oci_parse_digest(DIGEST, &oid));
	v = oci_descriptor("x/y", &oid, 2);
	assert_true(oci_parse_descriptor(v, &type, &other, &size));
	assert_string_equal(type, "x/y");
	assert_true(mlops_oid_equal(&oid, &other));
	assert_int_equal(size, 2);
	static const char text[] = "{\"mediaType\":\"x\",\"digest\":\"" DIGEST "\",\"size\":-1}";
	assert_int_equal(js_parse(text, strlen(text), "it", &negative, &err), 0);
	assert_false(oci_parse_descriptor(negative, &type, &other, &size));
	assert_false(oci_parse_descriptor(NULL, &type, &other, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
