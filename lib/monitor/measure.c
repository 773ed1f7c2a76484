/* Formulas over cells. "Evidently" is release 0.7.23, whose results these equal. */
#include "monitor/measure.h"

#include <math.h>

#include "monitor/special.h"

static double total(const struct cells *c, int side)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += c->n[side][i];
	return (double)sum;
}

/* Evidently, get_binned_data(): what stands for an empty cell's share. */
static double filler(const struct cells *c, int side, double n)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < c->count; i++)
		if (c->n[side][i] && c->n[side][i] < least)
			least = c->n[side][i];
	double share = (double)least / n;
	return share <= 0.0001 ? share / 1e6 : 0.0001;
}

/* The share of each cell, empty ones filled; new. */
static double *filled_shares(const struct cells *c, int side)
{
	double n = total(c, side), fill = filler(c, side, n);
	double *shares = xmalloc(c->count * sizeof(*shares));

	for (size_t i = 0; i < c->count; i++)
		shares[i] = c->n[side][i] ? (double)c->n[side][i] / n : fill;
	return shares;
}

double measure_psi(const struct cells *c)
{
	autofree double *p = filled_shares(c, 0), *q = filled_shares(c, 1);
	double sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += (p[i] - q[i]) * log(p[i] / q[i]);
	return sum;
}

/* scipy.stats.entropy(p, q), which makes both sum to 1 first. */
double measure_kl(const struct cells *c)
{
	autofree double *p = filled_shares(c, 0), *q = filled_shares(c, 1);
	double sum = 0, all_p = 0, all_q = 0;

	for (size_t i = 0; i < c->count; i++) {
		all_p += p[i];
		all_q += q[i];
		sum += p[i] * log(p[i] / q[i]);
	}
	return sum / all_p + log(all_q / all_p);
}

/* scipy.spatial.distance.jensenshannon: J. Lin (1991), D. Endres, J. Schindelin (2003). */
double measure_jensen_shannon(const struct cells *c)
{
	double n0 = total(c, 0), n1 = total(c, 1), sum = 0;

	for (size_t i = 0; i < c->count; i++) {
		double p = (double)c->n[0][i] / n0, q = (double)c->n[1][i] / n1, m = (p + q) / 2;

		sum += (p > 0 ? p * log(p / m) : 0) + (q > 0 ? q * log(q / m) : 0);
	}
	return sqrt(fmax(sum / 2, 0));
}

/* sqrt(1 - sum of sqrt(p q)): E. Hellinger (1909), through the Bhattacharyya coefficient. */
double measure_hellinger(const struct cells *c)
{
	double n = total(c, 0) * total(c, 1), sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += sqrt((double)c->n[0][i] * (double)c->n[1][i] / n);
	return sqrt(1 - fmin(sum, 1));
}

/* Half the sum of |p - q|. */
double measure_total_variation(const struct cells *c)
{
	double n0 = total(c, 0), n1 = total(c, 1), sum = 0;

	for (size_t i = 0; i < c->count; i++)
		sum += fabs((double)c->n[0][i] / n0 - (double)c->n[1][i] / n1);
	return sum / 2;
}

static size_t filled_cells(const struct cells *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		n += c->n[0][i] || c->n[1][i];
	return n;
}

/* B. Yurdakul (2018), "Statistical properties of population stability index". */
double measure_psi_p(const struct cells *c, double psi)
{
	double n0 = total(c, 0), n1 = total(c, 1);
	size_t filled = filled_cells(c);

	return filled < 2 ? 1 : chi2_sf(psi * n0 * n1 / (n0 + n1), (double)(filled - 1));
}

/* Evidently, _chi_stat_test(): expected are the reference's counts, scaled; cells - 1 degrees. */
struct test_value measure_chisquare(const struct cells *c)
{
	double scale = total(c, 1) / total(c, 0), sum = 0;
	size_t filled = filled_cells(c);

	for (size_t i = 0; i < c->count; i++) {
		double expected = (double)c->n[0][i] * scale, d = (double)c->n[1][i] - expected;

		if (c->n[0][i] || c->n[1][i])
			sum += expected > 0 ? d * d / expected : INFINITY;
	}
	return (struct test_value){ sum, filled < 2 ? 1 : chi2_sf(sum, (double)(filled - 1)) };
}

/* Pearson's statistic of the table of two rows; Yates's correction as scipy applies it. */
struct test_value measure_contingency(const struct cells *c, bool yates)
{
	double n[2] = { total(c, 0), total(c, 1) }, all = n[0] + n[1], sum = 0;
	size_t filled = filled_cells(c);

	if (filled < 2)
		return (struct test_value){ 0, 1 };
	for (size_t i = 0; i < c->count; i++)
		for (int side = 0; side < 2; side++) {
			double column = (double)(c->n[0][i] + c->n[1][i]), expected = column * n[side] / all;
			double d = fabs((double)c->n[side][i] - expected);

			if (yates && filled == 2)
				d -= fmin(0.5, d);
			sum += expected > 0 ? d * d / expected : 0;
		}
	return (struct test_value){ sum, chi2_sf(sum, (double)(filled - 1)) };
}

struct test_value measure_proportions(const uint64_t hits[2], const uint64_t n[2])
{
	double n0 = (double)n[0], n1 = (double)n[1], p0 = (double)hits[0] / n0, p1 = (double)hits[1] / n1;
	double pooled = (double)(hits[0] + hits[1]) / (n0 + n1);
	double sd = sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));

	if (!(sd > 0))
		return (struct test_value){ 0, 1 };
	double z = (p0 - p1) / sd;
	return (struct test_value){ z, 2 * normal_sf(fabs(z)) };
}

static int by_value(const void *a, const void *b)
{
	double x = **(double *const *)a, y = **(double *const *)b;

	return (x > y) - (x < y);
}

/* From the largest down: min over larger ranks of p * m / rank. */
void measure_adjust(double *p, size_t n)
{
	autofree double **sorted = xmalloc((n ? n : 1) * sizeof(*sorted));
	size_t m = 0;
	double least = 1;

	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			sorted[m++] = &p[i];
	if (m > 1)
		qsort(sorted, m, sizeof(*sorted), by_value);
	for (size_t rank = m; rank; rank--) {
		double adjusted = *sorted[rank - 1] * (double)m / (double)rank;

		least = adjusted < least ? adjusted : least;
		*sorted[rank - 1] = least;
	}
}
