/* Distribution functions that the tests need. */
#pragma once

#include <stdint.h>

double normal_sf(double z);                 /* P(Z > z) */
double chi2_sf(double x, double df);        /* P(chi-squared with df degrees > x) */
double cvm_limit_cdf(double x);             /* of the Cramer-von Mises statistic for large samples */

/* P(D >= d) of the one-sample two-sided Kolmogorov statistic of n values. */
double kolmogorov_sf(uint64_t n, double d);
/* The same of two samples, as scipy.stats.ks_2samp with method="auto". */
double kolmogorov_two_sample_p(uint64_t n1, uint64_t n2, double d);
