/*
 * Two samples side by side: a walk over their distinct values in ascending order, and what the
 * walk finds out. Side 0 is the reference, side 1 the current data.
 */
#pragma once

#include "monitor/order.h"

/* A distinct value, and how often each side has it. */
struct pair_group {
	double value;
	uint64_t n[2];
};

typedef void pair_visit(void *arg, const struct pair_group *groups, size_t n);

/* Where groups come from: two sorted columns, or groups that are at hand (`groups` not NULL). */
struct pair {
	struct order *side[2];
	const struct pair_group *groups;
	size_t n_groups;
	uint64_t n[2]; /* values of each side */
	double slack;  /* by which the distribution functions may be wrong, where groups are sketches' */
};

int pair_walk(struct pair *p, pair_visit *visit, void *arg, struct mlops_error *err);

enum pair_extra { PAIR_ANDERSON = 1, PAIR_CRAMER = 2 };

/* One walk's findings. */
struct survey {
	uint64_t n[2];
	uint64_t distinct[2], distinct_all;
	uint64_t first[2]; /* how often each side has the smallest value */
	double min, max;   /* of both */
	double ks;         /* the largest difference between the distribution functions */
	double ks_slack;   /* by which it may be too large */
	double wasserstein;/* the area between them */
	double anderson;   /* A^2 of midranks; with PAIR_ANDERSON */
	double cramer;     /* T; with PAIR_CRAMER */
};

int pair_survey(struct pair *p, unsigned extra, struct survey *out, struct mlops_error *err);

/* How often each side falls into each cell: a bin of numbers, or one category. */
struct cells {
	uint64_t *n[2];
	size_t count, cap;
};

void cells_clear(struct cells *c);
void cells_add(struct cells *c, uint64_t n0, uint64_t n1);
#define autocells __attribute__((cleanup(cells_clear))) struct cells

#define PAIR_MAX_CELLS 65536 /* distinct values kept apart; what is beyond shares one cell */

/* A cell for each distinct value. */
int pair_count_values(struct pair *p, struct cells *out, struct mlops_error *err);
/*
 * Bins of equal width as numpy.histogram_bin_edges(bins="sturges") makes them for `size` values
 * from s->min to s->max; `whole`: of an integer type.
 */
int pair_count_sturges(struct pair *p, const struct survey *s, uint64_t size, bool whole,
		       struct cells *out, struct mlops_error *err);
