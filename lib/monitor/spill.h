/*
 * Columns of doubles of any length in bounded memory: what does not fit one block a column goes
 * to a nameless temporary file in TMPDIR, 8 bytes a value.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"

#define SPILL_BLOCK 8192 /* values that a column keeps in memory */

struct spill {
	int fd; /* -1 until something is written */
	uint64_t used;
};

struct spill_column {
	double *block; /* the last values, not in the file */
	size_t n_block;
	uint64_t n; /* all values */
	VEC(uint64_t) at; /* where the full blocks lie in the file */
};

void spill_init(struct spill *s);
void spill_clear(struct spill *s);
int spill_add(struct spill *s, struct spill_column *c, const double *v, size_t n,
	      struct mlops_error *err);
/* Reads values first .. first + n (all there) into v. */
int spill_read(const struct spill *s, const struct spill_column *c, uint64_t first, size_t n,
	       double *v, struct mlops_error *err);
/* Appends values that lie together; their place is for spill_read_at(). */
int spill_write(struct spill *s, const double *v, size_t n, uint64_t *at, struct mlops_error *err);
int spill_read_at(const struct spill *s, uint64_t at, size_t n, double *v, struct mlops_error *err);
void spill_column_clear(struct spill_column *c);
