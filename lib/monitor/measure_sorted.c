/* P-values of the statistics that a walk over sorted samples gives. */
#include <math.h>

#include "monitor/measure.h"
#include "monitor/special.h"

/* Of sketches, only what exceeds their error is evidence. */
struct test_value measure_ks(const struct survey *s)
{
	double d = fmax(s->ks - s->ks_slack, 0);

	return (struct test_value){ s->ks, kolmogorov_two_sample_p(s->n[0], s->n[1], d) };
}

/* Standard deviation of A^2 for two samples: Scholz and Stephens (1987), equation 4. */
static double anderson_sd(double n0, double n1)
{
	double n = n0 + n1, reciprocals = 1 / n0 + 1 / n1, sum = 0, g = 0;

	for (double i = n - 1; i > 1; i--) { /* sum: 1/(n-1) + ... + 1/i */
		sum += 1 / i;
		g += sum / (n + 1 - i);
	}
	double h = sum + 1;
	double a = 4 * g - 6 + (10 - 6 * g) * reciprocals;
	double b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * reciprocals - 8 * h + 4 * g - 6;
	double c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * reciprocals + 4 * h;
	double d = (2 * h + 6) * 4 - 8 * h;
	return sqrt((((a * n + b) * n + c) * n + d) / ((n - 1) * (n - 2) * (n - 3)));
}

/*
 * scipy.stats.anderson_ksamp: a quadratic through the logarithms of the significance levels at
 * Scholz and Stephens's critical values for two samples, by least squares, cut off at both ends.
 */
static double anderson_p(double a2)
{
	static const double critical[] = { 0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546 };
	static const double level[] = { 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001 };
	double s[5] = { 0 }, t[3] = { 0 };

	if (a2 < critical[0])
		return 0.25;
	if (a2 > critical[6])
		return 0.001;
	for (int i = 0; i < 7; i++) {
		double x = critical[i], y = log(level[i]);

		for (int k = 0; k < 5; k++)
			s[k] += pow(x, k);
		for (int k = 0; k < 3; k++)
			t[k] += pow(x, k) * y;
	}
	/* the normal equations by Cramer's rule */
	double det = s[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (s[1] * s[4] - s[2] * s[3]) +
		     s[2] * (s[1] * s[3] - s[2] * s[2]);
	double c0 = t[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (t[1] * s[4] - t[2] * s[3]) +
		    s[2] * (t[1] * s[3] - t[2] * s[2]);
	double c1 = s[0] * (t[1] * s[4] - t[2] * s[3]) - t[0] * (s[1] * s[4] - s[2] * s[3]) +
		    s[2] * (s[1] * t[2] - s[2] * t[1]);
	double c2 = s[0] * (s[2] * t[2] - s[3] * t[1]) - s[1] * (s[1] * t[2] - s[2] * t[1]) +
		    t[0] * (s[1] * s[3] - s[2] * s[2]);
	return exp((c0 + c1 * a2 + c2 * a2 * a2) / det);
}

struct test_value measure_anderson(const struct survey *s)
{
	if (s->distinct_all < 2 || s->n[0] + s->n[1] < 4)
		return (struct test_value){ NAN, NAN };
	double a2 = (s->anderson - 1) / anderson_sd((double)s->n[0], (double)s->n[1]);
	return (struct test_value){ a2, anderson_p(a2) };
}

/* T is scaled to the limiting distribution by its mean and variance: Anderson (1962), section 3. */
struct test_value measure_cramer(const struct survey *s)
{
	double n = (double)s->n[0], m = (double)s->n[1], k = n * m, all = n + m;
	double mean = (1 + 1 / all) / 6;
	double var = (all + 1) * (4 * k * all - 3 * (n * n + m * m) - 2 * k) / (45 * all * all * 4 * k);
	double scaled = 1.0 / 6 + (s->cramer - mean) / sqrt(45 * var);

	if (s->n[0] < 2 || s->n[1] < 2)
		return (struct test_value){ NAN, NAN };
	return (struct test_value){ s->cramer, scaled < 0.003 ? 1 : fmax(0, 1 - cvm_limit_cdf(scaled)) };
}
