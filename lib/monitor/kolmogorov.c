/*
 * P-values of Kolmogorov-Smirnov statistics. For one sample the choice of method is that of
 * R. Simard, P. L'Ecuyer (2011), "Computing the two-sided Kolmogorov-Smirnov distribution",
 * J. Stat. Soft. 39(11), as in scipy.stats.kstwo, with the Durbin matrix also where they take
 * Pomeranz's recursion (both are exact).
 */
#include <math.h>

#include "base/mem.h"
#include "monitor/special.h"

#define FEW 140             /* values, up to which exact methods are taken */
#define EXACT_MAX 10000     /* values of the larger sample, as in scipy */
#define SUMMED_MAX 100000   /* terms of Smirnov's sum */
#define MANY_DIGITS 20.0    /* n d^2 beyond which p < 1e-17: exactness gains nothing */

static double clip(double p)
{
	return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* P(D+ >= d), Smirnov's sum: sum over j of C(n,j) d (d + j/n)^(j-1) (1 - d - j/n)^(n-j), by logarithms. */
static double one_sided_sum(uint64_t n, double d)
{
	double log_choose = 0, sum = 0, size = (double)n;

	for (uint64_t j = 0; j <= (uint64_t)floor(size * (1 - d)); j++) {
		double k = (double)j, above = d + k / size, below = 1 - above;

		if (j)
			log_choose += log((size - k + 1) / k);
		if (below > 0)
			sum += exp(log_choose + (k - 1) * log(above) + (size - k) * log(below));
		else if (j == n)
			sum += exp((k - 1) * log(above));
	}
	return d * sum;
}

/* For many values: Maag and Dicaire (1971), relative error of the order of 1 / n. */
static double one_sided_sf(uint64_t n, double d)
{
	double t = 6 * (double)n * d + 1;

	return n > SUMMED_MAX ? exp(-t * t / (18 * (double)n)) : one_sided_sum(n, d);
}

/* n! / n^n * x^n for n d between 1/2 and 1 (Ruben and Gambino). */
static double ruben_gambino(uint64_t n, double x)
{
	return exp(lgamma((double)n + 1) - (double)n * log((double)n) + (double)n * log(x));
}

/* c = a b, all m by m. */
static void multiply(const double *a, const double *b, double *c, size_t m)
{
	memset(c, 0, m * m * sizeof(*c));
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < m; k++) {
			double x = a[i * m + k];

			for (size_t j = 0; x != 0 && j < m; j++)
				c[i * m + j] += x * b[k * m + j];
		}
}

/* The matrix H of Marsaglia, Tsang and Wang; h = k - n d. */
static void fill_durbin(double *matrix, size_t m, double h)
{
	double factorial = 1, *v = xmalloc(m * sizeof(*v)), *w = xmalloc(m * sizeof(*w));

	for (size_t j = 1; j <= m; j++) {
		w[j - 1] = factorial;
		factorial /= (double)j;
		v[j - 1] = (1 - pow(h, (double)j)) * factorial;
	}
	double tail = 2 * h - 1 > 0 ? pow(2 * h - 1, (double)m) : 0;
	v[m - 1] = (1 + tail - 2 * pow(h, (double)m)) * factorial;
	memset(matrix, 0, m * m * sizeof(*matrix));
	for (size_t i = 1; i < m; i++)
		for (size_t j = i - 1; j < m; j++)
			matrix[j * m + i] = w[j - i + 1];
	for (size_t j = 0; j < m; j++)
		matrix[j * m] = v[j];
	for (size_t j = 0; j < m; j++)
		matrix[(m - 1) * m + j] = v[m - 1 - j];
	free(v);
	free(w);
}

/* Keeps a matrix in range: its element in the middle stays below 2^128, the rest is in *exp. */
static void rescale(double *matrix, size_t m, size_t middle, int64_t *exp)
{
	if (fabs(matrix[middle * m + middle]) <= 0x1p128)
		return;
	for (size_t i = 0; i < m * m; i++)
		matrix[i] *= 0x1p-128;
	*exp += 128;
}

static void swap(double **a, double **b)
{
	double *t = *a;

	*a = *b;
	*b = t;
}

/* G. Marsaglia, W. Tsang, J. Wang (2003), J. Stat. Soft. 8(18): P(D < d) = n!/n^n (H^n)_kk. */
static double durbin_cdf(uint64_t n, double d)
{
	double nd = (double)n * d;
	size_t k = (size_t)ceil(nd), m = 2 * k - 1;
	autofree double *h = xmalloc(m * m * sizeof(*h)), *power = xcalloc(m * m, sizeof(*power));
	autofree double *spare = xmalloc(m * m * sizeof(*spare));
	int64_t h_exp = 0, exp = 0;

	fill_durbin(h, m, (double)k - nd);
	for (size_t i = 0; i < m; i++)
		power[i * m + i] = 1;
	for (uint64_t rest = n; rest; rest /= 2) {
		if (rest % 2) {
			multiply(power, h, spare, m);
			swap(&power, &spare);
			exp += h_exp;
			rescale(power, m, k - 1, &exp);
		}
		multiply(h, h, spare, m);
		swap(&h, &spare);
		h_exp *= 2;
		rescale(h, m, k - 1, &h_exp);
	}
	double p = power[(k - 1) * m + k - 1];
	for (uint64_t i = 1; i <= n; i++) {
		p = p * (double)i / (double)n;
		if (p < 0x1p-128) {
			p *= 0x1p128;
			exp -= 128;
		}
	}
	return clip(ldexp(p, (int)exp));
}

/* W. Pelz, I. Good (1976): four terms in 1 / sqrt(n), each a theta function of z = d sqrt(n). */
static double pelz_good_cdf(uint64_t n, double d)
{
	const double pi2 = M_PI * M_PI, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
	double z = sqrt((double)n) * d, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
	double k0 = 0, k1 = 0, k2 = 0, k3 = 0, extra2 = 0, extra3 = 0;

	if (-pi2 / 8 / z2 < -708)
		return 0;
	for (int k = (int)ceil(16 * z / M_PI); k > 0; k--) {
		double odd = 2 * k - 1, o2 = odd * odd, o4 = o2 * o2, o6 = o4 * o2, kk = (double)k * k;
		double q = exp(-pi2 * o2 / (8 * z2)), even = exp(-pi2 * kk / (2 * z2));

		k0 += q;
		k1 += q * (-z2 + pi2 / 4 * o2);
		k2 += q * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * o2 + pi4 * (1 - 2 * z2) / 16 * o4);
		k3 += q * (-30 * z6 - 90 * z8 + pi2 * (135 * z4 - 96 * z6) / 4 * o2 +
			   pi4 * (212 * z4 - 60 * z2) / 16 * o4 + pi6 * (5 - 30 * z2) / 64 * o6);
		extra2 += kk * even;
		extra3 += (3 * z2 - pi2 * kk) * kk * even;
	}
	const double root = sqrt(2 * M_PI), size = (double)n;
	k0 *= root / z;
	k1 *= root / (6 * z4);
	k2 = k2 * root / (72 * z6 * z) - extra2 * pi2 * root / (36 * z2 * z);
	k3 = k3 * root / (6480 * z8 * z2) + extra3 * pi2 * root / (216 * z6);
	return clip(k0 + k1 / sqrt(size) + k2 / size + k3 / (size * sqrt(size)));
}

double kolmogorov_sf(uint64_t n, double d)
{
	double size = (double)n, nd = size * d, nd2 = nd * d;

	if (d >= 1)
		return 0;
	if (nd <= 0.5)
		return 1;
	if (nd <= 1)
		return clip(1 - ruben_gambino(n, 2 * nd - 1));
	if (nd >= size - 1)
		return clip(2 * pow(1 - d, size));
	if (nd2 >= 370)
		return 0;
	if (d >= 0.5 || nd2 >= (n <= FEW ? 4 : 2.2))
		return clip(2 * one_sided_sf(n, d));
	if (n <= FEW || (n <= 100000 && size * pow(d, 1.5) <= 1.4))
		return 1 - durbin_cdf(n, d);
	return 1 - pelz_good_cdf(n, d);
}

/* Two samples of n values, D = h / n: B. Gnedenko, V. Korolyuk (1951), by reflections. */
static double equal_sizes_p(uint64_t n, uint64_t h)
{
	double p = 0;

	for (uint64_t k = n / h + 1; k--;) {
		double ratio = 1;

		for (uint64_t j = 0; j < h; j++)
			ratio *= (double)(n - k * h - j) / (double)(n + k * h + j + 1);
		p = ratio * (1 - p);
	}
	return clip(2 * p);
}

/*
 * Two samples of m > n values: a merged order is a path from (0,0) to (m,n), all equally likely,
 * so a step in x from (x,y) has the chance (m-x) / (m+n-x-y). Walks the cells |x n - y m| < h g
 * column by column and sums what leaves them (J. Hodges, 1958).
 */
static double unequal_sizes_p(uint64_t m, uint64_t n, double d)
{
	const double limit = rint(d * (double)m * (double)n);
	autofree double *inside = xcalloc(n + 2, sizeof(*inside));
	double out = 0;
	uint64_t from = 0, to = 0; /* rows of this column that hold chances */

	inside[0] = 1;
	for (uint64_t x = 0; x <= m; x++) {
		double carry = 0; /* the chance to come from the cell below */
		uint64_t first = n + 1, last = 0;

		for (uint64_t y = from; y <= n && (y <= to || carry > 0); y++) {
			double p = (y <= to ? inside[y] : 0) + carry, left = (double)(m + n - x - y);

			carry = 0;
			inside[y] = 0;
			if (fabs((double)x * (double)n - (double)y * (double)m) >= limit) {
				out += p;
				continue;
			}
			if (left > 0)
				carry = p * (double)(n - y) / left;
			inside[y] = left > 0 ? p * (double)(m - x) / left : p;
			first = y < first ? y : first;
			last = y;
		}
		from = first;
		to = last;
	}
	return clip(out);
}

double kolmogorov_two_sample_p(uint64_t n1, uint64_t n2, double d)
{
	uint64_t m = n1 > n2 ? n1 : n2, n = n1 > n2 ? n2 : n1;
	double effective = (double)m * (double)n / ((double)m + (double)n);

	if (d <= 0)
		return 1;
	if (m > EXACT_MAX || effective * d * d > MANY_DIGITS)
		return kolmogorov_sf((uint64_t)rint(effective), d);
	if (m == n)
		return equal_sizes_p(n, (uint64_t)rint(d * (double)n));
	return unequal_sizes_p(m, n, d);
}
