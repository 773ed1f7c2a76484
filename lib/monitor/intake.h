/*
 * Two tables read column by column for a comparison. A column is one of numbers when every value
 * of the reference that is not missing is a number; else it is one of categories.
 */
#pragma once

#include "mlops/monitor.h"
#include "monitor/moments.h"
#include "monitor/source.h"
#include "monitor/spill.h"
#include "monitor/tally.h"

struct feature {
	char *name;
	bool is_text;     /* categories or text, not numbers */
	bool refuted;     /* a text turned up among what were numbers so far */
	bool found[2];    /* the side has the column */
	bool whole;       /* every number was written as an integer, none is missing */
	uint64_t missing[2], not_number[2];
	struct moments moments[2];
	struct spill_column values[2];
	struct tally tally;
};

struct intake {
	struct spill spill;
	VEC(struct feature) features; /* in the order of the reference */
	uint64_t rows[2];
};

void intake_init(struct intake *in);
/* Side 0 first: it says which columns there are, and of which type. */
int intake_read(struct intake *in, int side, const char *path, const struct mlops_table_opts *opts,
		struct mlops_error *err);
void intake_clear(struct intake *in);
#define autointake __attribute__((cleanup(intake_clear))) struct intake
