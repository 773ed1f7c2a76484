/* One column under judgement: from two samples of it to a row of the report. */
#pragma once

#include "mlops/monitor.h"
#include "monitor/tally.h"
#include "monitor/test.h"

struct trial {
	const struct mlops_drift_opts *opts;
	const struct drift_test *wanted; /* NULL: by type and size */
	struct drift_column *out;
	struct evidence e;
};

/* Names the row. */
void trial_start(struct trial *t, const char *name);
/* A side has so many rows, of which some miss the column. */
void trial_rows(struct trial *t, int side, uint64_t rows, uint64_t missing);
/* Numbers; `sd` is the reference's, `whole` that all were written as integers and none is missing. */
int trial_numbers(struct trial *t, struct pair *pair, double sd, bool whole, struct mlops_error *err);
/* Texts: as categories, or by their lengths where the reference has too many different ones. */
int trial_texts(struct trial *t, struct tally *tally, struct mlops_error *err);
/* Of `all` current values of a column of numbers, so many are none. */
void trial_not_numbers(struct trial *t, uint64_t n, uint64_t all);
void trial_clear(struct trial *t);

/* The report's rows, one for each column. */
void drift_report_rows(struct drift_report *report, const uint64_t rows[2], size_t columns);
/* Comparing where one side at least is a saved profile: what is a table is profiled first. */
int drift_profiles(const char *const paths[2], const struct mlops_drift_opts *opts,
		   const struct drift_test *wanted, struct drift_report *report,
		   struct mlops_error *err);
