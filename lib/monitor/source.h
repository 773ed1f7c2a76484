/*
 * Where rows come from: one interface over every kind of table. A kind is one file in sources/
 * that fills a struct row_source_kind, and one line in source.c.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "fmt/cell.h"
#include "mlops/monitor.h"

struct row_source;

struct row_source_kind {
	const char *name;                 /* "csv" */
	const char *const *suffixes;      /* ".csv", ...; NULL-terminated */
	int (*open)(struct row_source *s, int fd, const struct mlops_table_opts *how, struct mlops_error *err);
	/* The next rows into s->block, none at the end. */
	int (*next)(struct row_source *s, struct mlops_error *err);
	const struct strlist *(*columns)(const struct row_source *s);
	void (*close)(struct row_source *s);
};

struct row_source {
	const struct row_source_kind *kind;
	const char *path;
	void *state; /* the kind's own */
	struct cell_block block;
};

extern const struct row_source_kind row_source_csv, row_source_jsonl;

/* `path` "-" is standard input. `path` must outlive the source. */
int row_source_open(const char *path, const struct mlops_table_opts *how, struct row_source **out,
		    struct mlops_error *err);
/* The next block of rows, lent until the next call; its `rows` is 0 at the end. */
int row_source_next(struct row_source *s, const struct cell_block **out, struct mlops_error *err);
/* Names of the columns: all from the start, except that JSON lines may bring more with any block. */
const struct strlist *row_source_columns(const struct row_source *s);
void row_source_free(struct row_source *s); /* NULL is fine */
DEFINE_CLEANUP(row_source, row_source_free)
#define autosource __attribute__((cleanup(cleanup_row_source))) struct row_source

/* Whether the column is one of those asked for; and the error when the table `path` lacks one. */
bool table_wants(const struct mlops_table_opts *opts, const char *column);
int table_no_column(const char *path, const char *column, struct mlops_error *err);

/* What pandas reads as no value: an empty field, NA, NaN, null, None and their spellings. */
bool cell_is_missing(const struct cell *cell);
/* As a number; false for text that is none. */
bool cell_number(const struct cell *cell, double *out, bool *whole);
