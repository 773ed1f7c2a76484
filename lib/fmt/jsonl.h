/*
 * JSON lines from a file, in blocks of rows and bounded memory: one object a line, whose members
 * are columns. An object inside it is flattened ("user.age"); an array is text. A column may turn
 * up in any line: it is missing from the ones before.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "fmt/cell.h"

#define JSONL_MAX_LINE ((size_t)1 << 20) /* bytes of one line at most */

struct jsonl;

/* `name` is what errors call the file. Takes `fd`. */
int jsonl_open(int fd, const char *name, struct jsonl **out, struct mlops_error *err);
/* The columns met so far, lent: it grows while blocks are read. */
const struct strlist *jsonl_columns(const struct jsonl *jsonl);
/* The next rows, none at the end. Texts are lent until the next call. */
int jsonl_read(struct jsonl *jsonl, struct cell_block *block, struct mlops_error *err);
void jsonl_free(struct jsonl *jsonl); /* NULL is fine */
