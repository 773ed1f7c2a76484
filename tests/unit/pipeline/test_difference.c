/* Why a stage runs, in words. */
#include "unit.h"

#include "pipeline/difference.h"

static struct lock_item item(const char *path, uint8_t content)
{
	return (struct lock_item){ .path = (char *)path, .ref.oid.sha256[0] = content };
}

static struct lock_param param(const char *key, const char *value)
{
	return (struct lock_param){ (char *)"params.yaml", (char *)key, (char *)value };
}

static void assert_difference(const struct lock_stage *was, const struct lock_stage *now, size_t n,
			      const char *text)
{
	autobuf out = { 0 };

	assert_int_equal(difference_of_inputs(was, now, false, &out), n);
	assert_string_equal(out.len ? out.buf : "", text);
}

static void test_deps(void **state)
{
	struct lock_item a[] = { item("a", 1), item("b", 1), item("c", 1) };
	struct lock_item b[] = { item("b", 2), item("c", 1), item("d", 1) };
	struct lock_stage was = { .cmd = (char *)"x", .deps = a, .n_deps = 3 };
	struct lock_stage now = { .cmd = (char *)"x", .deps = b, .n_deps = 3 };

	(void)state;
	assert_difference(&was, &was, 0, "");
	assert_difference(
		&was, &now, 3,
		"'a' is no longer a dependency; dependency 'b' changed; dependency 'd' is new");
	now.cmd = (char *)"y";
	assert_difference(
		&was, &now, 4,
		"its command changed; 'a' is no longer a dependency; dependency 'b' changed; and 1 more");
}

static void test_kind(void **state)
{
	struct lock_item a = item("a", 1), b = item("a", 1);
	struct lock_stage was = { .cmd = (char *)"x", .deps = &a, .n_deps = 1 };
	struct lock_stage now = { .cmd = (char *)"x", .deps = &b, .n_deps = 1 };

	(void)state;
	b.ref.executable = true;
	assert_difference(&was, &now, 1, "dependency 'a' changed");
}

static void test_params(void **state)
{
	static const char longer[] = "\"0123456789012345678901234567890123456789\"";
	struct lock_param a[] = { param("gone", "1"), param("lr", "0.05"), param("same", "true") };
	struct lock_param b[] = { param("lr", "0.1"), param("new", "1"), param("same", "true") };
	struct lock_param c[] = { param("gone", "1"), param("lr", longer), param("same", "true") };
	struct lock_stage was = { .cmd = (char *)"x", .params = a, .n_params = 3 };
	struct lock_stage now = { .cmd = (char *)"x", .params = b, .n_params = 3 };
	struct lock_stage large = { .cmd = (char *)"x", .params = c, .n_params = 3 };

	(void)state;
	assert_difference(
		&was, &now, 3,
		"params.yaml: gone is gone; params.yaml: lr changed 0.05 -> 0.1; params.yaml: new is new");
	assert_difference(&was, &large, 1, "params.yaml: lr changed 0.05 -> (long)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deps),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
