/*
 * The tests of drift: one table. A test works on the distribution functions of numbers or on
 * counts in cells, and decides by its p-value or by its statistic, a distance.
 */
#pragma once

#include "monitor/measure.h"

enum drift_on {
	ON_NUMBERS = 1,
	ON_CATEGORIES = 2,
	ON_CELLS = 4,      /* needs counts: numbers are put into bins, or values when there are few */
};

struct evidence {
	struct survey survey; /* of numbers, and of the lengths of text */
	struct cells cells;   /* for tests ON_CELLS */
	double sd;            /* of the reference's numbers */
	uint64_t n[2], distinct[2];
	uint64_t first[2];    /* how often each side has the smallest value */
};

struct drift_test {
	const char *name, *help;
	unsigned on;
	unsigned extra;       /* enum pair_extra that its survey needs */
	bool by_p;            /* drift when p is at most the threshold, else when the statistic is at least */
	bool unique_bins;     /* bins for the number of distinct values, not of all */
	double threshold;
	struct test_value (*run)(const struct evidence *e);
};

extern const struct drift_test drift_tests[];
extern const size_t n_drift_tests;

const struct drift_test *test_find(const char *name); /* NULL when there is none */
/* Evidently's choice (release 0.7.23, _get_default_stattest()) for n reference values. */
const struct drift_test *test_default(bool numbers, uint64_t n, uint64_t distinct);
/* The normed Wasserstein distance: Evidently's, W1 / max(sd of the reference, 0.001). */
double test_wasserstein(const struct evidence *e);
