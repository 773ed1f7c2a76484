/* Rows out of JSON lines. */
#include "fmt/jsonl.h"
#include "monitor/source.h"

static int open_jsonl(struct row_source *s, int fd, const struct mlops_table_opts *how,
		      struct mlops_error *err)
{
	struct jsonl *jsonl;

	(void)how;
	if (jsonl_open(fd, s->path, &jsonl, err))
		return -1;
	s->state = jsonl;
	return 0;
}

static int next_jsonl(struct row_source *s, struct mlops_error *err)
{
	return jsonl_read(s->state, &s->block, err);
}

static const struct strlist *columns_jsonl(const struct row_source *s)
{
	return jsonl_columns(s->state);
}

static void close_jsonl(struct row_source *s)
{
	jsonl_free(s->state);
}

static const char *const suffixes[] = { ".jsonl", ".ndjson", NULL };

const struct row_source_kind row_source_jsonl = {
	.name = "jsonl", .suffixes = suffixes, .open = open_jsonl, .next = next_jsonl,
	.columns = columns_jsonl, .close = close_jsonl,
};
