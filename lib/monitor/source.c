/* Finding the kind of a table by name, and what a value of it says. */
#include "monitor/source.h"

#include <errno.h>
#include <fcntl.h>

#include "base/str.h"
#include "fmt/real.h"

static const struct row_source_kind *const kinds[] = { &row_source_csv, &row_source_jsonl };

static const struct row_source_kind *kind_by_suffix(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		for (const char *const *s = kinds[i]->suffixes; *s; s++)
			if (str_ends(path, *s))
				return kinds[i];
	return NULL;
}

static int find_kind(const char *path, const char *format, const struct row_source_kind **out,
		     struct mlops_error *err)
{
	const char *names[ARRAY_LEN(kinds) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		names[i] = kinds[i]->name;
		if (format && !strcmp(format, names[i]))
			return *out = kinds[i], 0;
	}
	if (format) {
		const char *near = str_suggest(format, names);

		err_set(err, MLOPS_EINVALID, "'%s' is not a format of tables", format);
		return near ? err_hint(err, "did you mean '%s'?", near) : -1;
	}
	*out = kind_by_suffix(path);
	if (*out)
		return 0;
	err_set(err, MLOPS_EINVALID, "cannot tell the format of '%s' by its name", path);
	return err_hint(err, "name it with --format csv or --format jsonl");
}

static int open_input(const char *path, int *fd, struct mlops_error *err)
{
	*fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (*fd >= 0)
		return 0;
	bool missing = errno == ENOENT || errno == ENOTDIR;
	err_sys(err, "cannot open '%s'", path);
	if (missing)
		err->kind = MLOPS_ENOTFOUND;
	return -1;
}

int row_source_open(const char *path, const struct mlops_table_opts *how, struct row_source **out,
		    struct mlops_error *err)
{
	autosource *s = xcalloc(1, sizeof(*s));
	int fd;

	s->path = path;
	if (find_kind(path, how->format, &s->kind, err) || open_input(path, &fd, err) ||
	    s->kind->open(s, fd, how, err))
		return -1;
	/* pages of columns that the table does not have are never touched */
	s->block.cells = xcalloc((size_t)CELL_COLUMNS * CELL_ROWS, sizeof(*s->block.cells));
	*out = steal_ptr(&s);
	return 0;
}

int row_source_next(struct row_source *s, const struct cell_block **out, struct mlops_error *err)
{
	if (s->kind->next(s, err))
		return -1;
	*out = &s->block;
	return 0;
}

const struct strlist *row_source_columns(const struct row_source *s)
{
	return s->kind->columns(s);
}

void row_source_free(struct row_source *s)
{
	if (!s)
		return;
	if (s->state)
		s->kind->close(s);
	free(s->block.cells);
	free(s);
}

bool table_wants(const struct mlops_table_opts *opts, const char *column)
{
	for (size_t i = 0; i < opts->n_columns; i++)
		if (!strcmp(opts->columns[i], column))
			return true;
	return !opts->n_columns;
}

int table_no_column(const char *path, const char *column, struct mlops_error *err)
{
	return err_set(err, MLOPS_ENOTFOUND, "'%s' has no column '%s'", path, column);
}

bool cell_is_missing(const struct cell *cell)
{
	/* pandas.io.parsers: STR_NA_VALUES */
	static const char *const words[] = { "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "n/a",
		"<NA>", "#N/A", "#NA", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
		"#N/A N/A" };

	if (cell->kind != CELL_TEXT)
		return cell->kind == CELL_MISSING;
	if (cell->len > 8 || !strchr("Nn<#-1", *cell->text))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq((struct str){ cell->text, cell->len }, words[i]))
			return true;
	return false;
}

bool cell_number(const struct cell *cell, double *out, bool *whole)
{
	if (cell->kind == CELL_TEXT)
		return real_parse(cell->text, cell->len, out, whole);
	*out = cell->number;
	*whole = cell->whole;
	return cell->kind == CELL_NUMBER;
}
