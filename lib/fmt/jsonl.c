/* Lines are parsed whole through fmt/json.h; a block keeps its documents, which lend their texts. */
#include "fmt/jsonl.h"

#include <errno.h>
#include <math.h>

#include "base/arena.h"
#include "base/map.h"
#include "fmt/json.h"

#define BLOCK_BYTES ((size_t)1 << 20) /* of lines in one block; the last may go beyond */
#define MAX_NAME 1024

struct jsonl {
	FILE *file;
	char *name;
	char *line_buf;
	size_t line_cap;
	uint64_t line;
	struct strlist columns;
	struct map index; /* name -> position + 1 */
	struct json *docs[CELL_ROWS];
	size_t n_docs;
	struct arena texts; /* made for this block */
	struct cell_block *block; /* being read */
};

static int fail(const struct jsonl *j, struct mlops_error *err, const char *what)
{
	return err_set(err, MLOPS_EINVALID, "cannot read '%s': line %llu: %s", j->name,
		       (unsigned long long)j->line, what);
}

int jsonl_open(int fd, const char *name, struct jsonl **out, struct mlops_error *err)
{
	FILE *file = fdopen(fd, "r");

	if (!file) {
		err_sys(err, "cannot read '%s'", name);
		close(fd);
		return -1;
	}
	struct jsonl *j = xcalloc(1, sizeof(*j));
	j->file = file;
	j->name = xstrdup(name);
	*out = j;
	return 0;
}

const struct strlist *jsonl_columns(const struct jsonl *j)
{
	return &j->columns;
}

static void clear_column(struct cell_block *block, size_t column)
{
	struct cell *cells = cell_column(block, column);

	for (size_t i = 0; i < CELL_ROWS; i++)
		cells[i].kind = CELL_MISSING;
}

static int find_column(struct jsonl *j, const char *name, size_t n, size_t *out, struct mlops_error *err)
{
	uintptr_t at = (uintptr_t)map_getn(&j->index, name, n);

	if (!at) {
		if (!n || n > MAX_NAME || memchr(name, '\0', n))
			return fail(j, err, "a name must have 1 to 1024 bytes and no NUL");
		if (j->columns.n == CELL_COLUMNS)
			return fail(j, err, "more than 4096 columns");
		strlist_take(&j->columns, xstrndup(name, n));
		at = j->columns.n;
		map_putn(&j->index, name, n, (void *)at);
		clear_column(j->block, at - 1);
	}
	*out = at - 1;
	return 0;
}

static void set_text(struct cell *cell, const char *text, size_t n)
{
	cell->text = text;
	cell->len = (uint32_t)n;
	cell->kind = CELL_TEXT;
}

static void set_cell(struct jsonl *j, struct cell *cell, const struct json *value)
{
	autobuf text = { 0 };

	switch (js_type(value)) {
	case JSON_NIL:
		break;
	case JSON_INT:
	case JSON_NUM:
		cell->kind = CELL_NUMBER;
		cell->whole = js_type(value) == JSON_INT;
		js_to_num(value, &cell->number);
		break;
	case JSON_TRUE_:
		set_text(cell, "true", 4);
		break;
	case JSON_FALSE_:
		set_text(cell, "false", 5);
		break;
	case JSON_STR:
		set_text(cell, js_text(value), js_text_len(value));
		break;
	default:
		js_dump(value, JS_COMPACT, &text);
		set_text(cell, arena_strndup(&j->texts, text.buf, text.len), text.len);
	}
}

/* Every member into its cell; `prefix` holds the names of the objects around, each with a dot. */
static int set_members(struct jsonl *j, struct cell *row, struct json *object, struct strbuf *prefix,
		       struct mlops_error *err)
{
	size_t base = prefix->len, column = 0;
	struct json *value;
	const char *key;
	void *iter = NULL;

	while (js_next(object, &iter, &key, &value)) {
		strbuf_trunc(prefix, base);
		strbuf_adds(prefix, key);
		if (js_type(value) == JSON_OBJ) {
			strbuf_addc(prefix, '.');
			if (set_members(j, row, value, prefix, err))
				return -1;
			continue;
		}
		if (find_column(j, prefix->len ? prefix->buf : "", prefix->len, &column, err))
			return -1;
		set_cell(j, &row[column * CELL_ROWS], value);
	}
	return 0;
}

/* One line without its end into line_buf: its length, -1 at the end of the file, -2 with err set. */
static ssize_t next_line(struct jsonl *j, struct mlops_error *err)
{
	size_t n = 0;
	int c;

	flockfile(j->file);
	while ((c = getc_unlocked(j->file)) != EOF && c != '\n' && n <= JSONL_MAX_LINE) {
		if (n == j->line_cap) {
			j->line_cap = j->line_cap ? j->line_cap * 2 : 4096;
			j->line_buf = xrealloc(j->line_buf, j->line_cap);
		}
		j->line_buf[n++] = (char)c;
	}
	funlockfile(j->file);
	j->line++;
	if (n > JSONL_MAX_LINE)
		return fail(j, err, "it is longer than 1 MiB"), -2;
	if (ferror(j->file))
		return err_sys(err, "cannot read '%s'", j->name), -2;
	return c == EOF && !n ? -1 : (ssize_t)n;
}

static int add_row(struct jsonl *j, size_t len, struct mlops_error *err)
{
	autobuf prefix = { 0 };
	struct json *doc;

	if (js_parse(j->line_buf, len, "the line", &doc, err)) {
		err_wrap(err, "cannot read '%s': line %llu", j->name, (unsigned long long)j->line);
		return -1;
	}
	j->docs[j->n_docs++] = doc;
	if (js_type(doc) != JSON_OBJ)
		return fail(j, err, "it is no JSON object");
	return set_members(j, j->block->cells + j->block->rows, doc, &prefix, err);
}

static void drop_block(struct jsonl *j)
{
	for (size_t i = 0; i < j->n_docs; i++)
		js_free(j->docs[i]);
	j->n_docs = 0;
	arena_clear(&j->texts);
}

int jsonl_read(struct jsonl *j, struct cell_block *block, struct mlops_error *err)
{
	size_t bytes = 0;

	drop_block(j);
	j->block = block;
	for (size_t c = 0; c < j->columns.n; c++)
		clear_column(block, c);
	for (block->rows = 0; block->rows < CELL_ROWS && bytes < BLOCK_BYTES;) {
		ssize_t len = next_line(j, err);

		if (len == -1)
			break;
		if (len < 0)
			return -1;
		size_t n = str_trim((struct str){ j->line_buf, (size_t)len }).n;
		if (!n)
			continue;
		if (add_row(j, (size_t)len, err))
			return -1;
		block->rows++;
		bytes += (size_t)len;
	}
	block->columns = j->columns.n;
	return 0;
}

void jsonl_free(struct jsonl *j)
{
	if (!j)
		return;
	drop_block(j);
	fclose(j->file);
	strlist_clear(&j->columns);
	map_clear(&j->index);
	free(j->line_buf);
	free(j->name);
	free(j);
}
