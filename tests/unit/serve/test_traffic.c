/* Shares of the traffic: what is read, and who is chosen. */
#include "unit.h"

#include "serve/traffic.h"

static int read_text(const char *text, struct traffic *out, struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(text, strlen(text), "test", &v, err))
		fail_msg("%s", err->msg);
	return traffic_read(v, out, err);
}

static void reads(const char *text, struct traffic *out)
{
	autoerr err = ERR_INIT;

	if (read_text(text, out, &err))
		fail_msg("%s: %s", text, err.msg);
}

static struct http_message with_field(const char *name, const char *value)
{
	struct http_message m = { .n_fields = 1 };

	m.fields[0] = (struct http_field){ str_of(name), str_of(value) };
	return m;
}

static void test_weights(void **state)
{
	const struct http_message none = { .n_fields = 0 };
	struct traffic t;
	size_t first = 0;

	(void)state;
	reads("{\"weights\":{\"3\":30,\"4\":10,\"5\":0}}", &t);
	for (uint64_t chance = 0; chance < 400; chance++) {
		int64_t chosen = traffic_choose(&t, &none, chance);

		assert_true(chosen == 3 || chosen == 4);
		first += chosen == 3;
	}
	assert_int_equal(first, 300);
	assert_int_equal(traffic_main(&t), 3);
	assert_true(traffic_has(&t, 5) && !traffic_has(&t, 0) && !traffic_has(&t, 6));
	traffic_clear(&t);
	assert_int_equal(traffic_choose(&t, &none, 7), 0);
	assert_int_equal(traffic_main(&t), 0);
	traffic_set_all(&t, 9);
	assert_int_equal(traffic_choose(&t, &none, 7), 9);
}

static void test_header(void **state)
{
	const struct http_message two = with_field("x-revision", "2"), other = with_field("X-Revision", "7"),
				  junk = with_field("X-Revision", "two");
	struct traffic t;

	(void)state;
	reads("{\"weights\":{\"1\":1,\"2\":0},\"header\":\"X-Revision\"}", &t);
	assert_int_equal(traffic_choose(&t, &two, 0), 2);
	assert_int_equal(traffic_choose(&t, &other, 0), 1);
	assert_int_equal(traffic_choose(&t, &junk, 0), 1);
	traffic_clear(&t);
}

static void test_hash(void **state)
{
	struct traffic t;
	size_t first = 0;

	(void)state;
	reads("{\"weights\":{\"1\":1,\"2\":1},\"hash\":\"X-User\"}", &t);
	for (int i = 0; i < 1000; i++) {
		autofree char *user = xasprintf("user-%d", i);
		const struct http_message m = with_field("X-User", user);
		int64_t chosen = traffic_choose(&t, &m, 0);

		assert_int_equal(traffic_choose(&t, &m, (uint64_t)i), chosen);
		first += chosen == 1;
	}
	assert_in_range(first, 400, 600);
	traffic_clear(&t);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", "{\"weights\":[1]}", "{\"weights\":{\"1\":0}}", "{\"weights\":{\"1\":1.5}}",
		"{\"weights\":{\"0\":1}}", "{\"weights\":{\"1\":1000001}}", "{\"weights\":{\"1\":1},\"header\":\"\"}",
		"{\"weights\":{\"1\":1},\"shadow\":-1}", "{\"weights\":{\"1\":1},\"shadow\":1,\"shadow_percent\":101}",
		"{\"weights\":{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		autoerr err = ERR_INIT;
		struct traffic t;

		if (!read_text(texts[i], &t, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, MLOPS_EINVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
