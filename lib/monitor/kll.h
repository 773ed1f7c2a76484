/*
 * Quantiles of any number of doubles in about 50 KB: the sketch of Z. Karnin, K. Lang, E. Liberty
 * (2016), "Optimal quantile approximation in streams". Of a value's rank, as a share of all, it is
 * wrong by less than KLL_ERROR in 99 of 100 cases; so is one merged from many.
 */
#pragma once

#include <stdbool.h>

#include "base/vec.h"
#include "monitor/pair.h"

#define KLL_K 2048        /* values of the top level */
#define KLL_ERROR 0.002   /* of a rank; measured in tests/unit/monitor/test_kll.c */
#define KLL_LEVELS 48     /* 2^47 * 2048 values: more than can be counted here */

struct kll_level {
	double *v; /* each stands for 2^level values */
	size_t n, cap;
};

struct kll {
	struct kll_level levels[KLL_LEVELS];
	size_t n_levels;
	uint64_t n;      /* values added */
	uint64_t random; /* state of the coin */
};

void kll_add(struct kll *s, const double *v, size_t n); /* no NaN among them */
void kll_merge(struct kll *s, const struct kll *other);
void kll_clear(struct kll *s);
/* The values it kept in ascending order, with their weights in n[0]; new, *n of them. */
struct pair_group *kll_values(const struct kll *s, size_t *n);
/* The value below which a share q (0 to 1) of all lie; NaN when there are none. */
double kll_quantile(const struct pair_group *values, size_t n, double q);
