/*
 * What was asked and answered, for monitoring: one JSON object a row, a line each, which is a table
 * for `mlops monitor`. Its columns are the row's names (or x0, x1, ...), `prediction` (or one for each
 * part of it), and _time, _revision and _ms, which begin with '_'. Any thread.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct journal;
struct json;
struct live_revision;

/* Appends to the file; one that is renamed or removed is made anew within a second. */
int journal_open(const char *path, int64_t percent, struct journal **out, struct mlops_error *err);
void journal_free(struct journal *r); /* NULL is fine */
/* Of that share of calls; NULL records nothing. */
void journal_add(struct journal *r, const struct live_revision *revision, struct json *rows,
		  const struct json *values, int64_t duration_ns);
