/* CSV and JSON lines: what they read as, and what is refused. */
#include <fcntl.h>

#include "fmt/csv.h"
#include "fmt/jsonl.h"
#include "unit.h"

static char *root;
static struct mlops_error err;
static struct cell_block block;

static int set_up(void **state)
{
	(void)state;
	root = unit_scratch();
	block.cells = xcalloc((size_t)CELL_COLUMNS * CELL_ROWS, sizeof(*block.cells));
	return chdir(root);
}

static int tear_down(void **state)
{
	(void)state;
	free(block.cells);
	unit_scratch_remove(root);
	return 0;
}

static int write_file(const void *bytes, size_t n)
{
	assert_success(fs_write_atomic("t", bytes, n, 0644, &err));
	return open("t", O_RDONLY | O_CLOEXEC);
}

/* All rows as text: fields in <>, missing ones as -, rows end in ';'. */
static int read_csv(const char *bytes, size_t n, char separator, struct strbuf *out)
{
	struct csv *csv;

	if (csv_open(write_file(bytes, n), "t", separator, &csv, &err))
		return -1;
	do {
		if (csv_read(csv, &block, &err)) {
			csv_free(csv);
			return -1;
		}
		for (size_t r = 0; r < block.rows; r++) {
			for (size_t c = 0; c < block.columns; c++) {
				const struct cell *cell = &cell_column(&block, c)[r];

				if (cell->kind == CELL_MISSING)
					strbuf_addc(out, '-');
				else
					strbuf_addf(out, "<%.*s>", (int)cell->len, cell->text);
			}
			strbuf_addc(out, ';');
		}
	} while (block.rows);
	csv_free(csv);
	return 0;
}

static void csv_reads(void **state)
{
	static const struct {
		const char *text, *want;
		char separator;
	} cases[] = {
		{ "a,b\n1,2\n3,4\n", "<1><2>;<3><4>;", 0 },
		{ "a,b\r\n1,2\r\n3,4", "<1><2>;<3><4>;", 0 },
		{ "a,b\r1,2\r3,4\r", "<1><2>;<3><4>;", 0 },
		{ "\xef\xbb\xbf"
		  "a\n1\n",
		  "<1>;", 0 },
		{ "a,b\n\n,\n\n\"\",x\n", "--;-<x>;", 0 },
		{ "a,b\n\"x,y\",\"1\n2\"\n", "<x,y><1\n2>;", 0 },
		{ "a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "<say \"hi\"><\">;", 0 },
		{ "a;b\n1,5;2\n", "<1,5><2>;", ';' },
		{ "\"a,1\",b\n1,\"2\"", "<1><2>;", 0 },
		{ "a\tb\n \t2\n", "< ><2>;", '\t' },
		{ "a\n", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autobuf out = { 0 };

		assert_success(
			read_csv(cases[i].text, strlen(cases[i].text), cases[i].separator, &out));
		assert_string_equal(out.buf ? out.buf : "", cases[i].want);
	}
}

static void csv_refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "empty" },
		{ "\n\n", "empty" },
		{ "a,a\n1,2\n", "two columns are named 'a'" },
		{ "a,\n1,2\n", "column 2 has no name" },
		{ "a,b\n1,2\n3\n", "line 3: 1 fields, and the header has 2" },
		{ "a,b\n1,2,3\n", "line 2: 3 fields" },
		{ "a,b\n1,\"2\n\n", "line 2: a quoted field has no end" },
		{ "a\n\"x\ny\"z\n", "line 3: text after a closing quote" },
		{ "a\n1\nx\"y\n", "line 3: a quote inside a field" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		autobuf out = { 0 };

		assert_error(read_csv(cases[i].text, strlen(cases[i].text), 0, &out),
			     MLOPS_EINVALID, cases[i].why);
	}
}

/* Records that lie across the ends of windows come out whole, however long they are. */
static void csv_across_windows(void **state)
{
	autobuf text = { 0 }, got = { 0 }, want = { 0 };

	(void)state;
	strbuf_adds(&text, "a,b\n");
	for (int i = 0; i < 60000; i++) {
		strbuf_addf(&text, "%d,\"x\"\"%0*d\"\n", i, i % 97 + 1, i);
		strbuf_addf(&want, "<%d><x\"%0*d>;", i, i % 97 + 1, i);
	}
	strbuf_adds(&text, "1,\"");
	strbuf_adds(&want, "<1><");
	for (int i = 0; i < 700000; i++) {
		strbuf_addc(&text, '\n');
		strbuf_addc(&want, '\n');
	}
	strbuf_adds(&text, "\"\n2,3\n");
	strbuf_adds(&want, ">;<2><3>;");
	assert_success(read_csv(text.buf, text.len, 0, &got));
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.buf, want.buf, want.len);
}

static void csv_bounds_a_record(void **state)
{
	autobuf text = { 0 }, out = { 0 };

	(void)state;
	strbuf_adds(&text, "a\n\"");
	strbuf_reserve(&text, CSV_MAX_RECORD + 10);
	memset(text.buf + text.len, 'x', CSV_MAX_RECORD + 1);
	text.len += CSV_MAX_RECORD + 1;
	assert_error(read_csv(text.buf, text.len, 0, &out), MLOPS_EINVALID,
		     "line 2: the record is larger");
	strbuf_trunc(&text, 0);
	for (int i = 0; i <= CELL_COLUMNS; i++)
		strbuf_addf(&text, "c%d,", i);
	strbuf_adds(&text, "z\n");
	assert_error(read_csv(text.buf, text.len, 0, &out), MLOPS_EINVALID,
		     "more than 4096 columns");
}

static int read_jsonl(const char *text, struct strbuf *out)
{
	struct jsonl *jsonl;

	assert_success(jsonl_open(write_file(text, strlen(text)), "t", &jsonl, &err));
	do {
		if (jsonl_read(jsonl, &block, &err)) {
			jsonl_free(jsonl);
			return -1;
		}
		for (size_t r = 0; r < block.rows; r++) {
			for (size_t c = 0; c < block.columns; c++) {
				const struct cell *cell = &cell_column(&block, c)[r];

				if (cell->kind == CELL_MISSING)
					continue;
				strbuf_addf(out, "%s=", jsonl_columns(jsonl)->v[c]);
				if (cell->kind == CELL_NUMBER)
					strbuf_addf(out, "%g%s ", cell->number,
						    cell->whole ? "i" : "");
				else
					strbuf_addf(out, "<%.*s> ", (int)cell->len, cell->text);
			}
			strbuf_addc(out, ';');
		}
	} while (block.rows);
	jsonl_free(jsonl);
	return 0;
}

static void jsonl_reads(void **state)
{
	autobuf out = { 0 };

	(void)state;
	assert_success(read_jsonl(
		"{\"a\":1,\"b\":\"x\\n\"}\n\n{\"b\":null,\"c\":{\"d\":1.5,\"e\":{\"f\":true}}}\r\n"
		"{\"a\":[1,{\"k\":2}]}",
		&out));
	assert_string_equal(out.buf, "a=1i b=<x\n> ;c.d=1.5 c.e.f=<true> ;a=<[1,{\"k\":2}]> ;");
}

static void jsonl_refuses(void **state)
{
	autobuf out = { 0 }, large = { 0 };

	(void)state;
	assert_error(read_jsonl("{\"a\":1}\n{\"a\":}\n", &out), MLOPS_EINVALID,
		     "line 2: the line is not valid JSON");
	assert_error(read_jsonl("[1]\n", &out), MLOPS_EINVALID, "line 1: it is no JSON object");
	assert_error(read_jsonl("{\"\":1}\n", &out), MLOPS_EINVALID, "line 1: a name must have");
	assert_error(read_jsonl("{\"a\":1,\"a\":2}\n", &out), MLOPS_EINVALID, "duplicate");
	strbuf_adds(&large, "{\"a\":\"");
	for (size_t i = 0; i < JSONL_MAX_LINE; i++)
		strbuf_addc(&large, 'x');
	strbuf_adds(&large, "\"}\n");
	assert_error(read_jsonl(large.buf, &out), MLOPS_EINVALID,
		     "line 1: it is longer than 1 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_reads),          cmocka_unit_test(csv_refuses),
		cmocka_unit_test(csv_across_windows), cmocka_unit_test(csv_bounds_a_record),
		cmocka_unit_test(jsonl_reads),        cmocka_unit_test(jsonl_refuses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
