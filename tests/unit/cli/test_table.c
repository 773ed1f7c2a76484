/* Tables as they come out of a file, where nothing is cut or coloured. */
#include "cli/table.h"

#include "unit.h"

static char *printed(struct table *t)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = tmpfile();

	assert_non_null(f);
	table_print(t, f);
	rewind(f);
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = xstrdup("");
	}
	fclose(f);
	return text;
}

static void columns_line_up(void **state)
{
	autotable *t = table_new("NAME", "SIZE>", "WHY~", NULL);

	(void)state;
	table_add(t, "a", "1", "first");
	table_add(t, "long-name", "1000", NULL);
	autofree char *text = printed(t);
	assert_string_equal(text, "NAME       SIZE  WHY\n"
				  "a             1  first\n"
				  "long-name  1000  -\n");
}

static void columns_can_come_later(void **state)
{
	autotable *t = table_new("RUN", NULL);
	const char *const cells[] = { "r1", "0.5" };

	(void)state;
	table_add_column(t, "loss>");
	table_add_cells(t, cells);
	autofree char *text = printed(t);
	assert_string_equal(text, "RUN  loss\nr1    0.5\n");
}

static void no_rows_print_nothing(void **state)
{
	autotable *t = table_new("NAME", NULL);
	autofree char *text = printed(t);

	(void)state;
	assert_string_equal(text, "");
}

static void utf8_counts_by_width_and_controls_are_shown(void **state)
{
	autotable *t = table_new("A", "B", NULL);

	(void)state;
	table_add(t, "größe", "x");
	table_add(t, "a\x1b[31m", "y");
	autofree char *text = printed(t);
	assert_string_equal(text, "A          B\n"
				  "größe      x\n"
				  "a\\x1b[31m  y\n");
}

static void long_cells_are_whole_in_a_file(void **state)
{
	autotable *t = table_new("A~", "B~", NULL);
	char cell[500] = { 0 };

	(void)state;
	memset(cell, 'x', sizeof(cell) - 1);
	table_add(t, cell, cell);
	autofree char *text = printed(t);
	assert_int_equal(strlen(strchr(text, '\n') + 1), 2 * 499 + 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(columns_can_come_later),
		cmocka_unit_test(no_rows_print_nothing),
		cmocka_unit_test(utf8_counts_by_width_and_controls_are_shown),
		cmocka_unit_test(long_cells_are_whole_in_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
