/* TOML, .env and the constants of Python: what they read as, and where they are wrong. */
#include "unit.h"

#include "fmt/dotenv.h"
#include "fmt/pyconst.h"
#include "fmt/toml.h"

typedef int parser(const char *file, const char *text, size_t n, struct text_places *places,
		   struct json **out, struct mlops_error *err);

static void assert_reads(parser *parse, const char *text, const char *json)
{
	autoerr err = ERR_INIT;
	autojson *v = NULL;
	autobuf dump = { 0 };

	if (parse("p", text, strlen(text), NULL, &v, &err))
		fail_msg("%s: %s", text, err.msg);
	js_dump(v, JS_COMPACT, &dump);
	assert_string_equal(dump.buf, json);
}

static void assert_refused(parser *parse, const char *text, const char *message)
{
	autoerr err = ERR_INIT;
	autojson *v = NULL;

	assert_int_equal(parse("p", text, strlen(text), NULL, &v, &err), -1);
	assert_int_equal(err.kind, MLOPS_EINVALID);
	if (!strstr(err.msg, message))
		fail_msg("'%s' is not in: %s", message, err.msg);
}

/* With json NULL it is refused. */
static const struct {
	const char *text, *json;
} toml_scalars[] = {
	{ "99", "99" },
	{ "+1_000", "1000" },
	{ "-0x1", NULL },
	{ "0xdead_beef", "3735928559" },
	{ "0o17", "15" },
	{ "0b101", "5" },
	{ "01", NULL },
	{ "1__0", NULL },
	{ "_1", NULL },
	{ "9223372036854775807", "9223372036854775807" },
	{ "9223372036854775808", NULL },
	{ "-9223372036854775808", "-9223372036854775808" },
	{ "3.14", "3.14" },
	{ "5e+2", "500" },
	{ "6.626e-34", "6.626e-34" },
	{ "1.", NULL },
	{ ".5", NULL },
	{ "1e", NULL },
	{ "inf", "\"Infinity\"" },
	{ "-inf", "\"-Infinity\"" },
	{ "nan", "\"NaN\"" },
	{ "true", "true" },
	{ "True", NULL },
	{ "\"a\\tb\\u00e9\\U0001F600\"", "\"a\\tb\u00e9\U0001F600\"" },
	{ "\"\\x41\"", NULL },
	{ "\"\\ud800\"", NULL },
	{ "'C:\\x'", "\"C:\\\\x\"" },
	{ "\"a\nb\"", NULL },
	{ "\"\"\"\na\"\" \\\n  b\"\"\"\"\"", "\"a\\\"\\\" b\\\"\\\"\"" },
	{ "'''a''b'''", "\"a''b\"" },
	{ "'''\na\n'''", "\"a\\n\"" },
	{ "1979-05-27T07:32:00Z", "\"1979-05-27T07:32:00Z\"" },
	{ "1979-05-27 07:32:00.5", "\"1979-05-27 07:32:00.5\"" },
	{ "1979-05-27", "\"1979-05-27\"" },
	{ "07:32:00", "\"07:32:00\"" },
	{ "1979-02-29", NULL },
	{ "25:00:00", NULL },
	{ "[1, [2], # c\n 'x',\n]", "[1,[2],\"x\"]" },
	{ "[]", "[]" },
	{ "[1 2]", NULL },
	{ "{a = 1, b.c = 2}", "{\"a\":1,\"b\":{\"c\":2}}" },
	{ "{a = 1,}", NULL },
	{ "{a = 1, a = 2}", NULL },
	{ "{}", "{}" },
	{ "", NULL },
	{ "1 2", NULL },
	{ "word", NULL },
};

static void test_toml_scalars(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(toml_scalars); i++) {
		autofree char *text = xasprintf("x = %s\n", toml_scalars[i].text);
		autofree char *json =
			xasprintf("{\"x\":%s}", toml_scalars[i].json ? toml_scalars[i].json : "");

		if (toml_scalars[i].json)
			assert_reads(toml_parse, text, json);
		else
			assert_refused(toml_parse, text, "p:");
	}
}

static void test_toml_tables(void **state)
{
	(void)state;
	assert_reads(toml_parse, "\xef\xbb\xbf# c\r\na.b = 1\r\n\"c d\".'' = 2\r\n",
		     "{\"a\":{\"b\":1},\"c d\":{\"\":2}}");
	assert_reads(toml_parse, "[a.b]\nx = 1\n[a]\ny = 2\n[ a . c ]\n",
		     "{\"a\":{\"b\":{\"x\":1},\"y\":2,\"c\":{}}}");
	assert_reads(toml_parse, "[[l]]\na = 1\n[l.t]\nb = 2\n[[l]]\n[[l.m]]\n",
		     "{\"l\":[{\"a\":1,\"t\":{\"b\":2}},{\"m\":[{}]}]}");
	assert_reads(toml_parse, "a.x = 1\na.y = 2\n", "{\"a\":{\"x\":1,\"y\":2}}");
	assert_refused(toml_parse, "a = 1\nb = 2\na = 3\n", "p:3:1: 'a' is given twice");
	assert_refused(toml_parse, "[a]\n[a]\n", "p:2:1: table 'a' is defined twice");
	assert_refused(toml_parse, "a.b = 1\n[a]\n", "p:2:1: table 'a' is defined twice");
	assert_refused(toml_parse, "[a.b]\n[a]\nb.c = 1\n", "table 'b' is defined elsewhere");
	assert_refused(toml_parse, "a = {}\n[a.b]\n", "p:2:1: 'a' has a value already");
	assert_refused(toml_parse, "a = {}\na.b = 1\n", "p:2:1: 'a' has a value already");
	assert_refused(toml_parse, "a = [{}]\n[[a]]\n", "p:2:1: 'a' is no list of tables");
	assert_refused(toml_parse, "[[a]]\n[a]\n", "p:2:1: table 'a' is defined twice");
	assert_refused(toml_parse, "\xc3\xa9 = 1\n", "p:1:1: a key should be here");
	assert_refused(toml_parse, "x = '\xc3\xa9' y\n", "p:1:9: the line should end here");
	assert_refused(toml_parse, "x = 1\n'\xff' = 1\n", "p:2:2: the text is not UTF-8");
	assert_refused(toml_parse, "x = 1 # \x01\n", "p:1:9: a comment has a control character");
}

/* Values in values end somewhere, in no stack overflow. */
static void test_deep(void **state)
{
	autobuf text = { 0 };

	(void)state;
	strbuf_adds(&text, "x = ");
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&text, '[');
	assert_refused(toml_parse, text.buf, "nested deeper than 64 levels");
	assert_refused(pyconst_parse, text.buf, "p:1:5: a bracket is not closed");
}

static void test_python(void **state)
{
	(void)state;
	assert_reads(pyconst_parse,
		     "a = 1\nb: 'Dict[str, int]' = -2.5e-1\nc = 'x' \"y\"\nd = None\ne = True\n",
		     "{\"a\":1,\"b\":-0.25,\"c\":\"xy\",\"d\":null,\"e\":true}");
	assert_reads(pyconst_parse, "a = [1, (2,), (), (3), {'k': 4, 5: 'v',},\n # c\n]\n",
		     "{\"a\":[1,[2],[],3,{\"k\":4,\"5\":\"v\"}]}");
	assert_reads(pyconst_parse,
		     "a = 0x_ff\nb = 1_0\nc = r'\\n'\nd = '\\x41\\101\\n\\q'\ne = .5\n",
		     "{\"a\":255,\"b\":10,\"c\":\"\\\\n\",\"d\":\"AA\\n\\\\q\",\"e\":0.5}");
	assert_reads(pyconst_parse,
		     "class T(Base):\n    'doc'\n    lr: float = 0.1\n\n    def __init__(self):\n"
		     "        self.n = 3\n        if x:\n            self.no = 1\n    ok = False\n"
		     "    def f(self):\n        self.no = 1\n        no = 2\nz = 1\n",
		     "{\"T\":{\"lr\":0.1,\"n\":3,\"ok\":false},\"z\":1}");
	assert_reads(pyconst_parse, "s = '''a\nno = 1\n'''\nf(\nno = 2\n)\nx = \\\n 1\ny = 2\n",
		     "{\"s\":\"a\\nno = 1\\n\",\"x\":1,\"y\":2}");
}

static void test_python_skips(void **state)
{
	(void)state;
	assert_reads(
		pyconst_parse,
		"a = f()\nb = 1 + 2\nc = d = 3\ne += 1\ng, h = 1, 2\ni == 1\nj = f'x'\nk = b'x'\n"
		"l = 1j\nm = 10**2\nn = [x]\no = 99999999999999999999\np.q = 1\nr[0] = 1\n"
		"if x:\n    s = 1\ndef t():\n    u = 1\nv: int\nw = 012\nx = {1, 2}\ny = Truely\n",
		"{}");
	assert_refused(pyconst_parse, "a = 1\nb = 'x\n", "p:2:5: a string does not end");
	assert_refused(pyconst_parse, "f(1\n", "p:1:2: a bracket is not closed");
}

static void test_dotenv(void **state)
{
	(void)state;
	assert_reads(
		dotenv_parse,
		"# c\nA=1\nexport B = two words # c\n\nC='it\\'s $x'\nD=\"a\\n\\\"b\nc\" # c\r\nE=\nF=a#b\n",
		"{\"A\":\"1\",\"B\":\"two words\",\"C\":\"it's $x\",\"D\":\"a\\n\\\"b\\nc\",\"E\":\"\","
		"\"F\":\"a#b\"}");
	assert_refused(dotenv_parse, "A=1\nB\n", "p:2:1: a line is NAME=value");
	assert_refused(dotenv_parse, "1A=1\n", "p:1:1: a line is NAME=value");
	assert_refused(dotenv_parse, "A='x\n", "p:1:3: a quote does not end");
	assert_refused(dotenv_parse, "A='x' y\n", "p:1:7: the line should end here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_toml_scalars), cmocka_unit_test(test_toml_tables),
		cmocka_unit_test(test_deep),         cmocka_unit_test(test_python),
		cmocka_unit_test(test_python_skips), cmocka_unit_test(test_dotenv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
