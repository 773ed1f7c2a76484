/* Rows out of CSV and TSV. */
#include "fmt/csv.h"
#include "base/str.h"
#include "monitor/source.h"

static int open_csv(struct row_source *s, int fd, const struct mlops_table_opts *how,
		    struct mlops_error *err)
{
	char separator = how->separator ? how->separator : str_ends(s->path, ".tsv") ? '\t' : ',';
	struct csv *csv;

	if (csv_open(fd, s->path, separator, &csv, err))
		return -1;
	s->state = csv;
	return 0;
}

static int next_csv(struct row_source *s, struct mlops_error *err)
{
	return csv_read(s->state, &s->block, err);
}

static const struct strlist *columns_csv(const struct row_source *s)
{
	return csv_columns(s->state);
}

static void close_csv(struct row_source *s)
{
	csv_free(s->state);
}

static const char *const suffixes[] = { ".csv", ".tsv", NULL };

const struct row_source_kind row_source_csv = {
	.name = "csv", .suffixes = suffixes, .open = open_csv, .next = next_csv,
	.columns = columns_csv, .close = close_csv,
};
