/* Count, mean, central moments and extremes of numbers: added in blocks, merged exactly. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct moments {
	uint64_t n;
	double mean, m2, m3, m4; /* sums of powers of (x - mean) */
	double min, max;         /* undefined while n is 0 */
};

void moments_add(struct moments *m, const double *v, size_t n);
void moments_merge(struct moments *m, const struct moments *other);
double moments_sd(const struct moments *m);       /* of the population (divides by n) */
double moments_skewness(const struct moments *m); /* biased, as scipy.stats.skew */
double moments_kurtosis(const struct moments *m); /* excess, biased, as scipy.stats.kurtosis */
