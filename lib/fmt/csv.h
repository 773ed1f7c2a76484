/*
 * CSV (RFC 4180) from a file, in blocks of rows and bounded memory. Lines end in LF, CRLF or CR;
 * fields in double quotes may hold separators, line ends and doubled quotes. A byte order mark is
 * skipped, and so are empty lines. The first line names the columns, and every other has as many.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "fmt/cell.h"

#define CSV_MAX_RECORD ((size_t)16 << 20) /* bytes of one record at most */

struct csv;

/* `name` is what errors call the file. Takes `fd`. `separator` 0 is a comma. */
int csv_open(int fd, const char *name, char separator, struct csv **out, struct mlops_error *err);
/* The names of the columns, lent. No two are the same, none is empty. */
const struct strlist *csv_columns(const struct csv *csv);
/* The next rows, none at the end. Texts are lent until the next call. An empty field is missing. */
int csv_read(struct csv *csv, struct cell_block *block, struct mlops_error *err);
void csv_free(struct csv *csv); /* NULL is fine */
