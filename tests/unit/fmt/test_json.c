/* JSON: limits, numbers, text that is not UTF-8, getters that forgive. */
#include "fmt/json.h"

#include <math.h>

#include "unit.h"

static struct mlops_error err;

static struct json *parse(const char *text)
{
	struct json *v = NULL;

	assert_success(js_parse(text, strlen(text), "it", &v, &err));
	return v;
}

static char *dump(struct json *v, enum js_dump_flags flags)
{
	autobuf out = { 0 };

	js_dump(v, flags, &out);
	js_free(v);
	return strbuf_steal(&out);
}

static void round_trip(void **state)
{
	static const char *const texts[] = {
		"{\"a\":[1,-2,0.1,true,false,null],\"b\":{\"c\":\"x\\ny\"}}",
		"[]",
		"{}",
		"\"\\u0000\"",
		"7",
		"[1e+300,123456789012,9223372036854775807]",
		"{\"\xc3\xa9\":\"\xe2\x82\xac\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_made(dump(parse(texts[i]), JS_COMPACT), texts[i]);
	assert_made(dump(parse("{\"a\":[1,{}],\"b\":[]}"), JS_PRETTY),
		    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
}

static void refused(void **state)
{
	static const char *const texts[] = {
		"",    "{",          "[1,]",    "{\"a\":1,\"a\":2}",    "nul",
		"1 2", "\"\xff\"",   "[1e999]", "99999999999999999999", "{\"\\u0000\":1}",
		"'a'", "\"\\ud800\""
	};
	struct json *v = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_error(js_parse(texts[i], strlen(texts[i]), "it", &v, &err), MLOPS_EINVALID,
			     "it is not valid JSON: line 1");
	assert_null(v);
}

static void nesting(void **state)
{
	char deep[200];
	struct json *v = NULL;

	(void)state;
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	assert_success(js_parse(deep, 128, "it", &v, &err));
	js_free(v);
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	assert_error(js_parse(deep, 130, "it", &v, &err), MLOPS_EINVALID, "deeper than 64");
	js_free(parse(
		"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\""));
}

static void numbers(void **state)
{
	autojson *v = parse("{\"i\":7,\"r\":7.5,\"w\":7.0,\"s\":\"7\"}");
	int64_t i = 1;
	double d = 1;

	(void)state;
	assert_true(js_get_int(v, "i", &i) && i == 7);
	assert_false(js_get_int(v, "r", &i) || js_get_int(v, "s", &i) || js_get_int(v, "none", &i));
	assert_int_equal(i, 7);
	assert_true(js_get_num(v, "r", &d) && d == 7.5 && js_get_num(v, "i", &d) && d == 7);
	assert_made(dump(js_num(NAN), JS_COMPACT), "\"NaN\"");
	assert_made(dump(js_num(-INFINITY), JS_COMPACT), "\"-Infinity\"");
	assert_made(dump(js_num(0.1), JS_COMPACT), "0.1");
}

static void getters_forgive(void **state)
{
	autojson *v = parse("[\"a\\u0000b\",true]");
	struct json *none = NULL;

	(void)state;
	assert_null(js_get(none, "a"));
	assert_null(js_get(v, "a"));
	assert_null(js_at(v, 9));
	assert_null(js_text(none));
	assert_int_equal(js_len(none), 0);
	assert_int_equal(js_type(none), JSON_NIL);
	assert_int_equal(js_text_len(js_at(v, 0)), 3);
	assert_int_equal(js_type(js_at(v, 1)), JSON_TRUE_);
	assert_true(js_get_bool(none, "a", true));
}

static void building(void **state)
{
	struct json *v = js_obj(), *list = js_arr(), *value;
	void *iter = NULL;
	const char *key;
	int members = 0;

	(void)state;
	js_set(v, "text", js_str("bad \xff byte"));
	js_set(v, "none", js_str(NULL));
	js_set(v, "\xff", js_bool(true));
	js_set(v, "text", js_str("replaced"));
	js_push(list, js_int(INT64_MIN));
	js_set(v, "list", list);
	while (js_next(v, &iter, &key, &value))
		members++;
	assert_int_equal(members, 4);
	assert_made(
		dump(v, JS_COMPACT),
		"{\"text\":\"replaced\",\"none\":null,\"\xef\xbf\xbd\":true,\"list\":[-9223372036854775808]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),      cmocka_unit_test(refused),
		cmocka_unit_test(nesting),         cmocka_unit_test(numbers),
		cmocka_unit_test(getters_forgive), cmocka_unit_test(building),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
