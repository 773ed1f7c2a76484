/* YAML and JSON as Python writes them; what is wanted was recorded from ruamel.yaml 0.18 and json. */
#include "fmt/ruamel.h"

#include "fmt/pyjson.h"
#include "unit.h"

static struct json *parse(const char *text)
{
	autoerr err = ERR_INIT;
	struct json *value;

	assert_int_equal(js_parse(text, strlen(text), "a test", &value, &err), 0);
	return value;
}

#define Y30 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
#define Y90 Y30 Y30 Y30

static void test_yaml(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{ "\"echo a\"", "  k: echo a\n" },
		{ "\"\"", "  k: ''\n" },
		{ "\"2.0\"", "  k: '2.0'\n" },
		{ "\"1e3\"", "  k: '1e3'\n" },
		{ "\"0x1f\"", "  k: '0x1f'\n" },
		{ "\"0o8\"", "  k: 0o8\n" },
		{ "\"_1\"", "  k: _1\n" },
		{ "\"yes\"", "  k: yes\n" },
		{ "\"null\"", "  k: 'null'\n" },
		{ "\"2020-01-01\"", "  k: '2020-01-01'\n" },
		{ "\"2020-01-01T10:00\"", "  k: 2020-01-01T10:00\n" },
		{ "\"12:30\"", "  k: 12:30\n" },
		{ "\"-x\"", "  k: -x\n" },
		{ "\"- x\"", "  k: '- x'\n" },
		{ "\"a: b\"", "  k: 'a: b'\n" },
		{ "\"a: 'b'\"", "  k: \"a: 'b'\"\n" },
		{ "\"a #b\"", "  k: 'a #b'\n" },
		{ "\"tab\\tx\"", "  k: \"tab\\tx\"\n" },
		{ "\"a\\nb\"", "  k: \"a\\nb\"\n" },
		{ "\"\xc3\xa9\"", "  k: \xc3\xa9\n" },
		{ "1.0", "  k: 1.0\n" },
		{ "1e-5", "  k: 1e-05\n" },
		{ "1e16", "  k: 1e+16\n" },
		{ "null", "  k:\n" },
		{ "[null, true]", "  k:\n  - \n  - true\n" },
		{ "{}", "  k: {}\n" },
		{ "[[1, [2]], {\"a\": [3], \"b\": {\"c\": 4}}]",
		  "  k:\n  - - 1\n    - - 2\n  - a:\n    - 3\n    b:\n      c: 4\n" },
		{ "\"python " Y90 " z\"", "  k: python \n    " Y90 "\n    z\n" },
		{ "\"a: " Y30 " " Y30 " x z z z z z z " Y30 "\"",
		  "  k: 'a: " Y30 " " Y30 " x z z z z z\n    z " Y30 "'\n" },
		{ "\"'a': " Y30 " " Y30 " x z z z z z z " Y30 "\"",
		  "  k: \"'a': " Y30 " " Y30 " x z z z z\n    z z " Y30 "\"\n" },
		{ "\"'a': " Y30 " " Y30 " x z z z  \\\"\"",
		  "  k: \"'a': " Y30 " " Y30 " x z z z \\\n    \\ \\\"\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autojson *value = parse(cases[i].json);
		autobuf out = { 0 };

		ruamel_put(&out, 2, "k", value);
		assert_string_equal(out.buf, cases[i].want);
	}
}

static void test_keys(void **state)
{
	static const char long_key[] = Y90 Y30 Y30;
	autojson *value = parse("{\"a\": 1}"), *one = js_int(1), *x = js_str("x");
	autobuf out = { 0 };

	(void)state;
	ruamel_put(&out, 0, "true", one);
	ruamel_put(&out, 0, "a: b", x);
	ruamel_put(&out, 0, long_key, value);
	assert_string_equal(out.buf, "'true': 1\n'a: b': x\n? " Y90 Y30 Y30 "\n: a: 1\n");
}

static void test_json(void **state)
{
	autojson *value = parse("{\"b\": [1, 2.0, 1e-7, null], \"a\": \"\xc3\xa9\\n\xf0\x9f\x98\x80\\\"\"}");
	autobuf plain = { 0 }, sorted = { 0 };

	(void)state;
	pyjson_dump(value, 0, &plain);
	pyjson_dump(value, PYJSON_SORTED, &sorted);
	assert_string_equal(plain.buf, "{\"b\": [1, 2.0, 1e-07, null], \"a\": \"\\u00e9\\n\\ud83d\\ude00\\\"\"}");
	assert_string_equal(sorted.buf, "{\"a\": \"\\u00e9\\n\\ud83d\\ude00\\\"\", \"b\": [1, 2.0, 1e-07, null]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
