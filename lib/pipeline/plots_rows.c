/* A column, value by value: of a table that is read as it goes, or of a list of maps in memory. */
#include "fmt/csv.h"
#include "pipeline/plots.h"
#include "pipeline/values.h"

#define NAMES_SHOWN 10

struct rows {
	char *shown; /* "HEAD:logs.csv" */
	char *column;
	/* a table */
	struct csv *csv;
	struct cell_block block;
	size_t index; /* of the column */
	size_t row;   /* in the block, or in the list */
	/* a list */
	struct json *root, *list; /* list is lent by root */
};

static int no_column(const struct rows *r, const char *column, const struct strlist *names,
		     struct mlops_error *err)
{
	const char *near = strlist_suggest(column, names);
	autobuf text = { 0 };

	err_set(err, MLOPS_EINVALID, "there is no column '%s' in '%s'", column, r->shown);
	if (near)
		return err_hint(err, "did you mean '%s'?", near);
	for (size_t i = 0; i < names->n && i < NAMES_SHOWN; i++)
		strbuf_addf(&text, "%s%s", i ? ", " : "", names->v[i]);
	return names->n ? err_hint(err, "it has %s", text.buf) : -1;
}

static int open_table(struct rows *r, struct snapshot *s, const char *file, const char *column,
		      struct mlops_error *err)
{
	int fd;

	if (snapshot_open_file(s, file, &fd, err) ||
	    csv_open(fd, r->shown, str_ends(file, ".tsv") ? '\t' : ',', &r->csv, err))
		return -1;
	const struct strlist *names = csv_columns(r->csv);
	r->index = names->n - 1;
	if (column)
		for (r->index = 0; r->index < names->n; r->index++)
			if (!strcmp(names->v[r->index], column))
				break;
	if (r->index == names->n)
		return no_column(r, column, names, err);
	r->column = xstrdup(names->v[r->index]);
	r->block.cells = xcalloc(names->n * CELL_ROWS, sizeof(*r->block.cells));
	return 0;
}

/* The first list of maps, in the order of a walk; of those, the first that has the column. */
static struct json *find_list(struct json *value, const char *column)
{
	struct json *found = NULL, *item;
	const char *name;
	void *iter = NULL;

	if (js_type(value) == JSON_ARR && js_type(js_at(value, 0)) == JSON_OBJ &&
	    (!column || js_get(js_at(value, 0), column)))
		return value;
	while (!found && js_type(value) == JSON_OBJ && js_next(value, &iter, &name, &item))
		found = find_list(item, column);
	return found;
}

static void names_of(struct json *map, struct strlist *names)
{
	struct json *item;
	const char *name;
	void *iter = NULL;

	while (js_type(map) == JSON_OBJ && js_next(map, &iter, &name, &item))
		strlist_add(names, name);
}

static int open_list(struct rows *r, struct snapshot *s, const char *file, const char *column,
		     struct mlops_error *err)
{
	autostrlist names = { 0 };
	autobuf text = { 0 };

	if (snapshot_read(s, file, VALUES_MAX, &text, err))
		return -1;
	if (!text.len)
		return err_set(err, MLOPS_EINVALID, "cannot read '%s': it is empty", r->shown);
	if (values_parse(file, text.buf, text.len, &r->root, err))
		return -1;
	r->list = find_list(r->root, column);
	names_of(js_at(r->list ? r->list : find_list(r->root, NULL), 0), &names);
	if (!r->list && column && names.n)
		return no_column(r, column, &names, err);
	if (!names.n)
		return err_set(err, MLOPS_EINVALID, "'%s' has no list of maps to plot", r->shown);
	r->column = xstrdup(column ? column : names.v[names.n - 1]);
	return 0;
}

static bool is_table(const char *file)
{
	return str_ends(file, ".csv") || str_ends(file, ".tsv");
}

static bool is_values(const char *file)
{
	return str_ends(file, ".json") || str_ends(file, ".yaml") || str_ends(file, ".yml");
}

int rows_open(struct snapshot *s, const char *file, const char *column, struct rows **out,
	      struct mlops_error *err)
{
	struct rows *r;

	if (!is_table(file) && !is_values(file)) {
		err_set(err, MLOPS_EINVALID, "cannot plot '%s': it is no table", file);
		return err_hint(err, "its name should end in .csv, .tsv, .json or .yaml");
	}
	r = xcalloc(1, sizeof(*r));
	r->shown = s->rev ? xasprintf("%s:%s", s->rev, file) : xstrdup(file);
	if (is_table(file) ? open_table(r, s, file, column, err) :
			     open_list(r, s, file, column, err)) {
		rows_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

const char *rows_column(const struct rows *r)
{
	return r->column;
}

static int next_of_table(struct rows *r, struct cell *out, struct mlops_error *err)
{
	if (r->row == r->block.rows) {
		r->row = 0;
		if (csv_read(r->csv, &r->block, err))
			return -1;
		if (!r->block.rows)
			return 0;
	}
	*out = cell_column(&r->block, r->index)[r->row++];
	return 1;
}

static struct cell text_cell(const char *text, size_t n)
{
	return (struct cell){ .text = text, .len = (uint32_t)n, .kind = CELL_TEXT };
}

static int next_of_list(struct rows *r, struct cell *out)
{
	const struct json *value;
	double number;

	if (r->row == js_len(r->list))
		return 0;
	value = js_get(js_at(r->list, r->row++), r->column);
	*out = (struct cell){ .kind = CELL_MISSING };
	if (js_to_num(value, &number))
		*out = (struct cell){ .number = number, .kind = CELL_NUMBER };
	else if (js_type(value) == JSON_TRUE_)
		*out = text_cell("true", 4);
	else if (js_type(value) == JSON_FALSE_)
		*out = text_cell("false", 5);
	else if (js_text(value))
		*out = text_cell(js_text(value), js_text_len(value));
	return 1;
}

int rows_next(struct rows *r, struct cell *out, struct mlops_error *err)
{
	return r->csv ? next_of_table(r, out, err) : next_of_list(r, out);
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	csv_free(r->csv);
	free(r->block.cells);
	js_free(r->root);
	free(r->column);
	free(r->shown);
	free(r);
}
