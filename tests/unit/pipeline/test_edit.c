/* Changing one value of a parameter file: that value, and no other byte. */
#include "unit.h"

#include "pipeline/edit.h"

static void assert_edit(const char *file, const char *before, const char *key, const char *value,
			const char *after)
{
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	strbuf_adds(&text, before);
	assert_success(edit_scalar(file, &text, key, value, &err));
	assert_string_equal(text.buf, after);
}

static void test_yaml(void **state)
{
	(void)state;
	assert_edit("p.yaml", "# c\na: 1 # one\nb: 2\n", "a", "3", "# c\na: 3 # one\nb: 2\n");
	assert_edit("p.yaml", "t:\n  lr:   0.05\n", "t.lr", "1e-3", "t:\n  lr:   1e-3\n");
	assert_edit("p.yaml", "t: {a: 1, b: x}\n", "t.b", "-2", "t: {a: 1, b: -2}\n");
	assert_edit("p.yaml", "l: [1, 2, 3]\n", "l.1", "9", "l: [1, 9, 3]\n");
	assert_edit("p.yaml", "l:\n- {k: 1}\n- {k: 2}\n", "l.1.k", "9", "l:\n- {k: 1}\n- {k: 9}\n");
	assert_edit("p.yaml", "a.b: 1\n", "a.b", "2", "a.b: 2\n");
	assert_edit("p.yaml", "\xc3\xa4: {\xc3\xbc: 1, b: 2}\n", "\xc3\xa4.b", "3",
		    "\xc3\xa4: {\xc3\xbc: 1, b: 3}\n");
	assert_edit("p.yaml", "a: 1\r\nb: 2\r\n", "b", "3", "a: 1\r\nb: 3\r\n");
	assert_edit("p.yaml", "a:\nb: 1\n", "a", "5", "a: 5\nb: 1\n");
	assert_edit("p.yaml", "a: 1", "a", "2", "a: 2");
}

static void test_quotes(void **state)
{
	(void)state;
	assert_edit("p.yaml", "a: \"x \\\" y\" # c\n", "a", "z", "a: z # c\n");
	assert_edit("p.yaml", "a: 'it''s'\n", "a", "1", "a: 1\n");
	assert_edit("p.yaml", "a: 1\n", "a", "two words", "a: \"two words\"\n");
	assert_edit("p.yaml", "a: 1\n", "a", "x: y # z", "a: \"x: y # z\"\n");
	assert_edit("p.yaml", "a: 1\n", "a", "q\"\\", "a: \"q\\\"\\\\\"\n");
	assert_edit("p.yaml", "a: 1\n", "a", "", "a: \"\"\n");
	assert_edit("p.yaml", "a: 1\n", "a", "- b", "a: \"- b\"\n");
	assert_edit("p.yaml", "a: 1\n", "a", "true", "a: true\n");
	assert_edit("p.yaml", "a: 1\n", "a", "data/in_1.csv", "a: data/in_1.csv\n");
}

static void test_json(void **state)
{
	(void)state;
	assert_edit("p.json", "{\n  \"a\": {\"b\": 1}\n}\n", "a.b", "2.5",
		    "{\n  \"a\": {\"b\": 2.5}\n}\n");
	assert_edit("p.json", "{\"a\": \"x\"}", "a", "y", "{\"a\": \"y\"}");
	assert_edit("p.json", "{\"a\": \"x\"}", "a", "null", "{\"a\": null}");
	assert_edit("p.json", "{\"a\": 1}", "a", "[1]", "{\"a\": \"[1]\"}");
}

static void test_toml(void **state)
{
	(void)state;
	assert_edit("p.toml", "a = 1 # one\n[t]\nb.c = [1, {d = 'x'}]\n", "t.b.c.1.d", "2.5",
		    "a = 1 # one\n[t]\nb.c = [1, {d = 2.5}]\n");
	assert_edit("p.toml", "a = 1\n", "a", "word", "a = \"word\"\n");
	assert_edit("p.toml", "a = \"\"\"\nx\ny\"\"\" # c\n", "a", "true", "a = true # c\n");
	assert_edit("p.toml", "[[l]]\nk = 1\n[[l]]\nk = 2\n", "l.1.k", "0x1f",
		    "[[l]]\nk = 1\n[[l]]\nk = 0x1f\n");
}

static void test_python(void **state)
{
	(void)state;
	assert_edit("p.py", "import x\nLR: float = 0.1  # step\n", "LR", "1e-3",
		    "import x\nLR: float = 1e-3  # step\n");
	assert_edit("p.py", "class T:\n    n = (1, 2)\n    ok = True\n", "T.n.1", "3",
		    "class T:\n    n = (1, 3)\n    ok = True\n");
	assert_edit("p.py", "class T:\n    ok = True\n", "T.ok", "False",
		    "class T:\n    ok = False\n");
	assert_edit("p.py", "a = 'x' 'y'\n", "a", "z", "a = \"z\"\n");
	assert_edit("p.py", "a = 1\n", "a", "f()", "a = \"f()\"\n");
}

static void test_dotenv(void **state)
{
	(void)state;
	assert_edit(".env", "# c\nexport A=1 # one\nB=\n", "A", "2", "# c\nexport A=2 # one\nB=\n");
	assert_edit("x.env", "A=\"b c\"\n", "A", "d $e", "A='d $e'\n");
	assert_edit(".env.test", "A=\n", "A", "it's", "A=\"it's\"\n");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *key, *message;
	} cases[] = {
		{ "a: 1\n", "b", "there is no parameter 'b' in 'p.yaml'" },
		{ "a: {b: 1}\n", "a", "p.yaml:1:4: 'a' is a map and not one value" },
		{ "a: [1]\n", "a", "p.yaml:1:4: 'a' is a list and not one value" },
		{ "a: |\n  text\n", "a", "cannot be changed in place" },
		{ "a: &x 1\nb: *x\n", "a", "cannot be changed in place" },
		{ "a: !!str 1\n", "a", "cannot be changed in place" },
		{ "a: &x {k: 1}\nb: *x\n", "a.k",
		  "the value of 'a.k' in 'p.yaml' cannot be changed without changing more" },
		{ "a: [\n", "a", "p.yaml:2:1" },
		{ "", "a", "there is no parameter 'a'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autoerr err = ERR_INIT;
		autobuf text = { 0 };

		strbuf_adds(&text, cases[i].text);
		assert_int_equal(edit_scalar("p.yaml", &text, cases[i].key, "2", &err), -1);
		if (!strstr(err.msg, cases[i].message))
			fail_msg("'%s' is not in: %s", cases[i].message, err.msg);
		assert_string_equal(text.buf, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),    cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_toml),
		cmocka_unit_test(test_python),  cmocka_unit_test(test_dotenv),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
