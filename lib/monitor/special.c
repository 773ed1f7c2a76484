/* Normal, chi-squared and Cramer-von Mises distributions. */
#include "monitor/special.h"

#include <float.h>
#include <math.h>

double normal_sf(double z)
{
	return 0.5 * erfc(z / M_SQRT2);
}

/* Abramowitz and Stegun 6.5.29: the lower function by its power series. */
static double gamma_p_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (double k = a + 1; term > sum * DBL_EPSILON / 4; k++) {
		term *= x / k;
		sum += term;
	}
	return sum * exp(a * log(x) - x - lgamma(a));
}

/* Abramowitz and Stegun 6.5.31: the upper one by its continued fraction (Lentz's way). */
static double gamma_q_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, f = d;

	for (int i = 1; i < 100000; i++) {
		double an = -i * (i - a);

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
		c = b + an / c;
		c = fabs(c) < DBL_MIN ? DBL_MIN : c;
		double step = d * c;
		f *= step;
		if (fabs(step - 1) < DBL_EPSILON)
			break;
	}
	return f * exp(a * log(x) - x - lgamma(a));
}

/* The regularised upper incomplete gamma function Q(df / 2, x / 2). */
double chi2_sf(double x, double df)
{
	double a = df / 2;

	if (isnan(x) || isnan(df))
		return NAN;
	if (df <= 0 || x <= 0)
		return df <= 0 && x > 0 ? 0 : 1;
	if (isinf(x))
		return 0;
	return x / 2 < a + 1 ? 1 - gamma_p_series(a, x / 2) : gamma_q_fraction(a, x / 2);
}

/*
 * e^q K_1/4(q), from the integral of exp(-q cosh t) cosh(t / 4) over t > 0 (Abramowitz and Stegun
 * 9.6.24). The trapezoidal rule converges faster than any power of its step there.
 */
static double bessel_k_quarter_scaled(double q)
{
	const double step = 1.0 / 32;
	double sum = 0.5;

	for (double t = step;; t += step) {
		double v = exp(-q * (cosh(t) - 1)) * cosh(t / 4);

		sum += v;
		if (v < sum * DBL_EPSILON / 16)
			return sum * step;
	}
}

/* S. Csorgo, J. Faraway (1996), "The exact and asymptotic distributions of Cramer-von Mises
 * statistics", equation 1.2; summed until a term is under 1e-7, as scipy does. */
double cvm_limit_cdf(double x)
{
	double sum = 0;

	for (int k = 0; k < 1000; k++) {
		double y = 4 * k + 1, q = y * y / (16 * x);
		double u = exp(lgamma(k + 0.5) - lgamma(k + 1)) / (pow(M_PI, 1.5) * sqrt(x));
		double term = u * sqrt(y) * exp(-2 * q) * bessel_k_quarter_scaled(q);

		sum += term;
		if (term < 1e-7)
			break;
	}
	return sum;
}
