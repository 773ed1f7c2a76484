/* Conflict marks: where they go, and that they are found again. */
#include "fmt/conflict.h"

#include "unit.h"

static char *marked(const char *ours, const char *theirs)
{
	struct strbuf out = { 0 };

	conflict_write(str_of(ours), str_of(theirs), CONFLICT_MARKS, &out);
	return strbuf_steal(&out);
}

static void test_write(void **state)
{
	static const struct {
		const char *ours, *theirs, *want;
	} cases[] = {
		{ "a\nx\nb\n", "a\ny\nz\nb\n",
		  "a\n<<<<<<< ours\nx\n=======\ny\nz\n>>>>>>> theirs\nb\n" },
		{ "", "new\n", "<<<<<<< ours\n=======\nnew\n>>>>>>> theirs\n" },
		{ "a\n", "", "<<<<<<< ours\na\n=======\n>>>>>>> theirs\n" },
		{ "same\nlast", "same\nend",
		  "same\n<<<<<<< ours\nlast\n=======\nend\n>>>>>>> theirs\n" },
		{ "a\nb\n", "a\nb\nb\n", "a\nb\n<<<<<<< ours\n=======\nb\n>>>>>>> theirs\n" },
		{ "xtail\nt\n", "ytail\nt\n",
		  "<<<<<<< ours\nxtail\n=======\nytail\n>>>>>>> theirs\nt\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autofree char *got = marked(cases[i].ours, cases[i].theirs);

		assert_string_equal(got, cases[i].want);
		assert_true(conflict_is_in(str_of(got)));
	}
}

static void test_find(void **state)
{
	(void)state;
	assert_false(conflict_is_in((struct str){ NULL, 0 }));
	assert_false(conflict_is_in(STR("a: '<<<<<<< ours'\n")));
	assert_false(conflict_is_in(STR("<<<<<<\n=======\n")));
	assert_true(conflict_is_in(STR("a\n<<<<<<<<<<<< a branch\n")));
}

static void test_notes(void **state)
{
	struct conflict_notes notes = { 0 };
	autobuf out = { 0 };
	size_t begun = 0;

	(void)state;
	conflict_note(&notes, "'%s'", "a\nmlops: 2\033[1m");
	assert_string_equal(notes.text.buf, "# 'a?mlops: 2?[1m'\n");
	for (int i = 0; i < 50; i++)
		begun += conflict_note_begin(&notes);
	assert_true(begun < 50);
	conflict_notes_write(&notes, &out);
	assert_non_null(strstr(out.buf, " more\n"));
	strbuf_clear(&notes.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
