/* Route patterns and percent-decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "http/route.h"

static bool matches(const char *pattern, const char *path, const char *first, const char *second)
{
	autoarena arena = { 0 };
	struct route_params p;

	if (!route_match(pattern, path, &arena, &p))
		return false;
	assert_int_equal(p.n, !!first + !!second);
	if (first)
		assert_string_equal(p.v[0].value, first);
	if (second)
		assert_string_equal(p.v[1].value, second);
	return true;
}

static void test_literal(void **state)
{
	(void)state;
	assert_true(matches("/health", "/health", NULL, NULL));
	assert_false(matches("/health", "/health/", NULL, NULL));
	assert_false(matches("/health", "/healt", NULL, NULL));
	assert_false(matches("/health", "", NULL, NULL));
}

static void test_holes(void **state)
{
	(void)state;
	assert_true(matches("/v1/objects/{oid}", "/v1/objects/abc", "abc", NULL));
	assert_false(matches("/v1/objects/{oid}", "/v1/objects/", NULL, NULL));
	assert_false(matches("/v1/objects/{oid}", "/v1/objects/a/b", NULL, NULL));
	assert_true(matches("/v1/models/{model}:predict", "/v1/models/wine:predict", "wine", NULL));
	assert_true(matches("/v1/models/{model}:predict", "/v1/models/a:b:predict", "a:b", NULL));
	assert_false(matches("/v1/models/{model}:predict", "/v1/models/wine:infer", NULL, NULL));
	assert_true(matches("/v2/{m}/versions/{v}/infer", "/v2/a/versions/3/infer", "a", "3"));
	assert_true(matches("/{a}-{b}", "/x-y-z", "x", "y-z"));
}

static void test_holes_across(void **state)
{
	(void)state;
	assert_true(matches("/v2/{name*}/tags/list", "/v2/a/b/tags/list", "a/b", NULL));
	assert_true(
		matches("/v2/{name*}/tags/list", "/v2/a/tags/list/tags/list", "a/tags/list", NULL));
	assert_false(matches("/v2/{name*}/tags/list", "/v2/tags/list", NULL, NULL));
	assert_true(matches("/{id}/raw/{path*}", "/x/raw/a/raw/b", "x", "a/raw/b"));
	assert_true(matches("/v2/{name*}/blobs/{d}", "/v2/a/blobs/b/blobs/c", "a/blobs/b", "c"));
	assert_true(matches("/{path*}", "/a%2Fb/c", "a/b/c", NULL));
}

static void test_decoding(void **state)
{
	autoarena arena = { 0 };

	(void)state;
	assert_true(matches("/m/{name}", "/m/a%2Fb%20c", "a/b c", NULL));
	assert_false(matches("/m/{name}", "/m/a%00b", NULL, NULL));
	assert_false(matches("/m/{name}", "/m/a%2", NULL, NULL));
	assert_false(matches("/m/{name}", "/m/%zz", NULL, NULL));
	assert_string_equal(route_decode(&arena, "%41%4a", 6), "AJ");
	assert_string_equal(route_decode(&arena, "", 0), "");
	assert_null(route_decode(&arena, "%", 1));
	assert_null(route_decode(&arena, "%4", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_holes_across),
		cmocka_unit_test(test_decoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
