/* YAML: positions, what is refused, scalar types, and that what is written reads back. */
#include "fmt/yaml.h"

#include "unit.h"

static struct mlops_error err;
static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_clear(&arena);
	mlops_error_clear(&err);
	return 0;
}

static int try_parse(const char *text, struct yaml_node **out)
{
	return yaml_parse(&arena, "f.yaml", text, strlen(text), out, &err);
}

static struct yaml_node *parse(const char *text)
{
	struct yaml_node *node = NULL;

	assert_success(try_parse(text, &node));
	return node;
}

static void positions(void **state)
{
	struct yaml_node *doc = parse("a: 1\nstages:\n  - name: x\n    cmd: 'run'\n");
	struct yaml_node *item = yaml_get(doc, "stages")->values[0];

	(void)state;
	assert_int_equal(yaml_get(item, "cmd")->line, 4);
	assert_int_equal(yaml_get(item, "cmd")->column, 10);
	assert_int_equal(yaml_key(item, "cmd")->column, 5);
	assert_false(yaml_get(item, "cmd")->plain);
	assert_null(yaml_get(doc, "absent"));
	assert_null(yaml_get(item->values[0], "name"));
	assert_error(yaml_error(item, &err, "bad %d", 7), MLOPS_EINVALID, "f.yaml:3:5: bad 7");
}

static void empty_documents(void **state)
{
	(void)state;
	assert_true(yaml_is_null(parse("")));
	assert_true(yaml_is_null(parse("# only a comment\n")));
	assert_true(yaml_is_null(parse("---\n")));
	assert_true(yaml_is_null(NULL));
}

static void refused(void **state)
{
	static const char *const cases[][2] = {
		{ "a: [1", "f.yaml:2:1: " },
		{ "a: 1\na: 2\n", "f.yaml:2:1: key 'a' was already given on line 1" },
		{ "a: *x\n", "f.yaml:1:4: unknown or recursive alias '*x'" },
		{ "a: &x [*x]\n", "f.yaml:1:8: unknown or recursive alias '*x'" },
		{ "[a]: 1\n", "f.yaml:1:1: a key must be a scalar" },
		{ "a: 1\n---\nb: 2\n", "f.yaml:2:1: more than one document" },
		{ "a: \"x\\0y\"\n", "f.yaml:1:4: text with a NUL byte" },
		{ "a: \xff\n", "f.yaml:" },
		{ "\ta: 1\n", "f.yaml:1:" },
	};
	struct yaml_node *node = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_error(try_parse(cases[i][0], &node), MLOPS_EINVALID, cases[i][1]);
	assert_null(node);
}

static void nesting(void **state)
{
	char deep[200];
	struct yaml_node *node;

	(void)state;
	memset(deep, '[', 80);
	memset(deep + 80, ']', 80);
	deep[160] = '\0';
	assert_error(try_parse(deep, &node), MLOPS_EINVALID, "deeper than 64 levels");
	assert_success(try_parse(deep + 30, &node) && (mlops_error_clear(&err), 0));
}

static void aliases_are_counted(void **state)
{
	autobuf laughs = { 0 };
	struct yaml_node *node = parse("a: &x {k: [1, 2]}\nb: *x\n");

	(void)state;
	assert_ptr_equal(yaml_get(node, "a"), yaml_get(node, "b"));
	strbuf_adds(&laughs, "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&laughs, "l%d: &l%d [", i, i);
		for (int j = 0; j < 10; j++)
			strbuf_addf(&laughs, "%s*l%d", j ? ", " : "", i - 1);
		strbuf_adds(&laughs, "]\n");
	}
	assert_error(try_parse(laughs.buf, &node), MLOPS_EINVALID, "more than 2000000 values");

	strbuf_trunc(&laughs, 0); /* a chain that is shallow as text and deep through its aliases */
	strbuf_adds(&laughs, "d0: &d0 [x]\n");
	for (int i = 1; i < 100; i++)
		strbuf_addf(&laughs, "d%d: &d%d [*d%d]\n", i, i, i - 1);
	assert_error(try_parse(laughs.buf, &node), MLOPS_EINVALID, "through aliases");
}

static void too_many_values(void **state)
{
	autobuf text = { 0 };
	struct yaml_node *node;

	(void)state;
	strbuf_addc(&text, '[');
	for (int i = 0; i < 2000001; i++)
		strbuf_adds(&text, "1,");
	strbuf_addc(&text, ']');
	assert_error(try_parse(text.buf, &node), MLOPS_EINVALID, "more than 2000000 values");
}

static void scalar_types(void **state)
{
	static const struct {
		const char *text;
		enum yaml_scalar type;
	} cases[] = { { "~", YAML_S_NULL },     { "null", YAML_S_NULL },  { "true", YAML_S_BOOL },
		      { "12", YAML_S_INT },     { "-12", YAML_S_INT },    { "1.5", YAML_S_FLOAT },
		      { "1e3", YAML_S_FLOAT },  { ".inf", YAML_S_FLOAT }, { "yes", YAML_S_TEXT },
		      { "1.2.3", YAML_S_TEXT }, { "'12'", YAML_S_TEXT },  { "x", YAML_S_TEXT },
		      { "-", YAML_S_TEXT },     { "e", YAML_S_TEXT } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *text = xasprintf("k: %s\n", cases[i].text);

		if (!strcmp(cases[i].text, "-"))
			continue; /* a list, there */
		assert_int_equal(yaml_scalar_type(yaml_get(parse(text), "k")), cases[i].type);
	}
}

static void typed_getters(void **state)
{
	struct yaml_node *doc = parse("i: 7\nf: 1.5\nb: True\nt: x\nl: [1]\nn: -1\n");
	int64_t i = 0;
	uint64_t u = 0;
	double d = 0;
	bool b = false;
	const char *t = NULL;

	(void)state;
	assert_success(yaml_get_int(doc, "i", &i, &err) || yaml_get_num(doc, "f", &d, &err) ||
		       yaml_get_bool(doc, "b", &b, &err) || yaml_get_text(doc, "t", &t, &err) ||
		       yaml_get_uint(doc, "absent", &u, &err));
	assert_true(i == 7 && d == 1.5 && b && !u);
	assert_string_equal(t, "x");
	assert_error(yaml_get_int(doc, "f", &i, &err), MLOPS_EINVALID,
		     "f.yaml:2:4: f must be a whole number");
	assert_error(yaml_get_uint(doc, "n", &u, &err), MLOPS_EINVALID, "of 0 or more, not '-1'");
	assert_error(yaml_get_bool(doc, "t", &b, &err), MLOPS_EINVALID, "true or false");
	assert_error(yaml_get_num(doc, "t", &d, &err), MLOPS_EINVALID, "must be a number");
	assert_error(yaml_get_text(doc, "l", &t, &err), MLOPS_EINVALID,
		     "f.yaml:5:4: l must be one value");
	assert_error(yaml_want(doc, YAML_LIST, "the file", &err), MLOPS_EINVALID, "must be a list");
}

static void unknown_keys(void **state)
{
	static const char *const known[] = { "stages", "vars", NULL };

	(void)state;
	assert_success(yaml_check_keys(parse("stages: {}\n"), known, "f.yaml", &err));
	assert_int_equal(yaml_check_keys(parse("stages: {}\nstagse: 1\n"), known, "f.yaml", &err),
			 -1);
	assert_string_equal(err.msg, "f.yaml:2:1: unknown key 'stagse' in f.yaml");
	assert_string_equal(err.hint, "did you mean 'stages'?");
}

static const char *const nasty[] = {
	"plain",
	"",
	" ",
	"a b",
	" lead",
	"trail ",
	"12",
	"1.5",
	"1e3",
	"true",
	"yes",
	"No",
	"null",
	"~",
	"0x1f",
	"1_000",
	"12:30:45",
	"2024-01-01",
	"<<",
	"=",
	"- x",
	"a: b",
	"a #b",
	"#b",
	"'",
	"\"",
	"\\",
	"line\nline",
	"line\n",
	"\nline",
	"  indented\n text\n\n",
	"tab\there",
	"\x01\x7f",
	"\r\n",
	"é",
	"[x]",
	"{x}",
	"*a",
	"&a",
	"!t",
	"%d",
	"@x",
	"`x",
	"|",
	">",
	"?",
	"? x",
	":",
	"-",
	"--- x",
	"...",
	"1234e5",
	"a\n b\n  c",
	"trailing space \nx",
	"\t",
	"\xe2\x80\xa8",
	"\xef\xbb\xbf",
};

static void what_is_written_reads_back(void **state)
{
	autobuf out = { 0 };
	struct yaml_out *y = yaml_out_new(&out);

	(void)state;
	yaml_map(y);
	for (size_t i = 0; i < ARRAY_LEN(nasty); i++)
		yaml_put_text(y, nasty[i], nasty[i]);
	yaml_put_int(y, "int", INT64_MIN);
	yaml_text(y, "list");
	yaml_list(y);
	for (size_t i = 0; i < ARRAY_LEN(nasty); i++)
		yaml_text(y, nasty[i]);
	yaml_out_free(y); /* also ends what is open */

	struct yaml_node *doc = parse(out.buf);
	assert_int_equal(doc->n, ARRAY_LEN(nasty) + 2);
	for (size_t i = 0; i < ARRAY_LEN(nasty); i++) {
		struct yaml_node *value = yaml_get(doc, nasty[i]);

		assert_non_null(value);
		assert_string_equal(value->text, nasty[i]);
		assert_int_equal(yaml_scalar_type(value), YAML_S_TEXT);
		assert_string_equal(yaml_get(doc, "list")->values[i]->text, nasty[i]);
	}
	assert_int_equal(yaml_scalar_type(yaml_get(doc, "int")), YAML_S_INT);
}

static void copies_of_nodes(void **state)
{
	const char *text = "a: 1\nb:\n- x\n- '2'\n- {c: null, d: [true]}\ne: {}\n";
	struct yaml_node *doc = parse(text);
	autobuf once = { 0 }, twice = { 0 };
	struct yaml_out *y = yaml_out_new(&once);

	(void)state;
	yaml_node(y, doc);
	yaml_out_free(y);
	y = yaml_out_new(&twice);
	yaml_node(y, parse(once.buf));
	yaml_out_free(y);
	assert_string_equal(once.buf, twice.buf);
	assert_int_equal(yaml_scalar_type(yaml_get(doc, "b")->values[1]), YAML_S_TEXT);
}

static void text_that_is_not_utf8(void **state)
{
	autobuf out = { 0 };
	struct yaml_out *y = yaml_out_new(&out);

	(void)state;
	yaml_map(y);
	yaml_put_text(y, "k", "a\xff");
	yaml_out_free(y);
	assert_string_equal(out.buf, "k: a\xef\xbf\xbd\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(positions),
		TEST(empty_documents),
		TEST(refused),
		TEST(nesting),
		TEST(aliases_are_counted),
		TEST(too_many_values),
		TEST(scalar_types),
		TEST(typed_getters),
		TEST(unknown_keys),
		TEST(copies_of_nodes),
		TEST(what_is_written_reads_back),
		TEST(text_that_is_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
