/* The text of trees: one spelling each, and everything else refused. */
#include "store/tree.h"

#include "unit.h"

#define HEX "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"
#define HEAD "mlops-tree 1\n"

static struct mlops_error err;

static void add(struct tree *t, enum tree_kind kind, const char *name, uint64_t size, uint64_t files)
{
	struct tree_entry e = { .kind = kind, .name = name, .size = size, .files = files };

	mlops_oid_parse(HEX, &e.oid);
	vec_push(&t->entries, e);
}

static void test_round_trip(void **state)
{
	struct tree t = { 0 }, again;
	autobuf text = { 0 }, second = { 0 };
	uint64_t size, files;

	(void)state;
	add(&t, TREE_FILE, "\x01\n%\x7f\xff", 5, 1);
	add(&t, TREE_SYMLINK, "-x", 2, 1);
	add(&t, TREE_FOLDER, "a", UINT32_MAX, 70);
	add(&t, TREE_EXECUTABLE, "a b", 0, 1);
	tree_format(&t, &text);
	assert_non_null(strstr(text.buf, "f " HEX " 5 1 %01%0a%25%7f\xff\n"));
	assert_success(tree_parse(text.buf, text.len, "t", &again, &err));
	tree_format(&again, &second);
	assert_string_equal(text.buf, second.buf);
	assert_true(tree_totals(&again, &size, &files));
	assert_int_equal(size, UINT32_MAX + 7ull);
	assert_int_equal(files, 73);
	assert_int_equal(tree_find(&again, "a b")->kind, TREE_EXECUTABLE);
	assert_null(tree_find(&again, "b"));
	tree_clear(&t);
	tree_clear(&again);
}

static void test_empty(void **state)
{
	struct tree t;

	(void)state;
	assert_success(tree_parse(HEAD, strlen(HEAD), "t", &t, &err));
	assert_int_equal(t.entries.n, 0);
	assert_null(tree_find(&t, "x"));
	tree_clear(&t);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "not a tree" },
		{ "mlops-tree 2\n", "not a tree" },
		{ HEAD "f " HEX " 1 1 a", "no end" },
		{ HEAD "\n", "kind" },
		{ HEAD "q " HEX " 1 1 a\n", "kind" },
		{ HEAD "ff " HEX " 1 1 a\n", "kind" },
		{ HEAD "f 98EA 1 1 a\n", "64 hex" },
		{ HEAD "f sha256:" HEX " 1 1 a\n", "64 hex" },
		{ HEAD "f " HEX " 01 1 a\n", "number" },
		{ HEAD "f " HEX " +1 1 a\n", "number" },
		{ HEAD "f " HEX " -1 1 a\n", "number" },
		{ HEAD "f " HEX " 99999999999999999999 1 a\n", "number" },
		{ HEAD "f " HEX " 1 2 a\n", "number" },
		{ HEAD "f " HEX " 1 1 \n", "name" },
		{ HEAD "f " HEX " 1 1\n", "name" },
		{ HEAD "f " HEX " 1 1 ..\n", "one file" },
		{ HEAD "f " HEX " 1 1 .\n", "one file" },
		{ HEAD "f " HEX " 1 1 a/b\n", "one file" },
		{ HEAD "f " HEX " 1 1 a%2fb\n", "written" },
		{ HEAD "f " HEX " 1 1 a%00b\n", "one file" },
		{ HEAD "d " HEX " 1 1 .git\n", "one file" },
		{ HEAD "d " HEX " 1 1 .GIT\n", "one file" },
		{ HEAD "f " HEX " 1 1 a%0A\n", "written" },
		{ HEAD "f " HEX " 1 1 a%61\n", "written" },
		{ HEAD "f " HEX " 1 1 a%2\n", "written" },
		{ HEAD "f " HEX " 1 1 b\nf " HEX " 1 1 a\n", "t:3: the names are not sorted" },
		{ HEAD "f " HEX " 1 1 a\nd " HEX " 1 1 a\n", "not sorted" },
		{ HEAD "d " HEX " 18446744073709551615 1 a\nf " HEX " 1 1 b\n", "add up" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct tree t;

		assert_error(tree_parse(bad[i].text, strlen(bad[i].text), "t", &t, &err), MLOPS_ECORRUPT,
			     bad[i].why);
	}
}

static void test_long_names(void **state)
{
	char name[257];
	struct tree t;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[256] = '\0';
	autofree char *over = xasprintf(HEAD "f " HEX " 1 1 %s\n", name);
	autofree char *fits = xasprintf(HEAD "f " HEX " 1 1 %s\n", name + 1);
	assert_error(tree_parse(over, strlen(over), "t", &t, &err), MLOPS_ECORRUPT, "one file");
	assert_success(tree_parse(fits, strlen(fits), "t", &t, &err));
	tree_clear(&t);
}

static void test_escape_text(void **state)
{
	autobuf out = { 0 }, back = { 0 };

	(void)state;
	name_escape("\xc3\xa9\xff%", 4, true, &out);
	assert_string_equal(out.buf, "\xc3\xa9%ff%25");
	assert_true(name_unescape(out.buf, out.len, true, &back));
	assert_string_equal(back.buf, "\xc3\xa9\xff%");
	assert_false(name_unescape("\xff", 1, true, &back));
	assert_false(name_unescape("%c3%a9", 6, true, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_escape_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
