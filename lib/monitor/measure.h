/* Distances and statistics of two samples counted into cells, and what noise alone makes of them. */
#pragma once

#include "monitor/pair.h"

double measure_psi(const struct cells *c);            /* population stability index */
double measure_kl(const struct cells *c);             /* Kullback-Leibler divergence, natural logarithm */
double measure_jensen_shannon(const struct cells *c); /* distance: the root of the divergence, natural logarithm */
double measure_hellinger(const struct cells *c);
double measure_total_variation(const struct cells *c);
/* PSI of two samples of one distribution is about chi-squared: its p-value. */
double measure_psi_p(const struct cells *c, double psi);

struct test_value {
	double statistic, p;
};

/* Goodness of fit of side 1 to side 0, which is taken as exact (Evidently). */
struct test_value measure_chisquare(const struct cells *c);
/* Homogeneity of both, as scipy.stats.chi2_contingency; `yates`: corrected when two cells are filled. */
struct test_value measure_contingency(const struct cells *c, bool yates);
/* Pooled two-proportion Z test of hits[i] out of n[i]. */
struct test_value measure_proportions(const uint64_t hits[2], const uint64_t n[2]);

struct test_value measure_ks(const struct survey *s);
struct test_value measure_anderson(const struct survey *s);
struct test_value measure_cramer(const struct survey *s);

/* p-values adjusted for their number (Benjamini, Hochberg 1995), in place; NaN stays out of it. */
void measure_adjust(double *p, size_t n);
