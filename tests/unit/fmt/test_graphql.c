/* Queries in GraphQL: what is selected, and what is refused. */
#include "unit.h"

#include "fmt/graphql.h"

static struct gql_field *parse(struct arena *arena, const char *text)
{
	autoerr err = ERR_INIT;
	struct gql_field *fields = NULL;

	return gql_parse(arena, text, &fields, &err) ? NULL : fields;
}

static void test_reads(void **state)
{
	autoarena arena = { 0 };

	(void)state;
	struct gql_field *f = parse(&arena, "query Q($data: In!, $n: [Int] = 3) @of(name: \"a) {\") {\n"
					    "  # a comment {\n  get(input: $data) { a, b { c } x: d }\n  more { e }\n}\n");
	assert_non_null(f);
	assert_string_equal(f->name, "get");
	assert_string_equal(f->variable, "data");
	assert_string_equal(f->fields->name, "a");
	assert_null(f->fields->fields);
	assert_string_equal(f->fields->next->fields->name, "c");
	assert_string_equal(f->fields->next->next->alias, "x");
	assert_string_equal(f->fields->next->next->name, "d");
	assert_null(f->fields->next->next->next);
	assert_string_equal(f->next->name, "more");
	assert_non_null(parse(&arena, "{a}"));
	assert_non_null(parse(&arena, "query{a@skip(if:true)@x{b}}"));
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"", "{", "{}", "{a", "{a{}}", "{a}}", "{a} {b}", "mutation { a }", "{ ...F }", "{ a(b: 1) { c } }",
		"{ a(b: $c, d: $e) { f } }", "query Q( { a }", "{ a: }", "{ a @ }", "{ 1 }",
	};
	autoarena arena = { 0 };
	autobuf deep = { 0 }, wide = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(parse(&arena, bad[i]));
	for (int i = 0; i < GQL_DEPTH_MAX + 1; i++)
		strbuf_adds(&deep, "{ a ");
	for (int i = 0; i < GQL_DEPTH_MAX + 1; i++)
		strbuf_adds(&deep, "}");
	assert_null(parse(&arena, deep.buf));
	strbuf_adds(&wide, "{");
	for (int i = 0; i < GQL_FIELDS_MAX + 1; i++)
		strbuf_adds(&wide, " a");
	strbuf_adds(&wide, "}");
	assert_null(parse(&arena, wide.buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
