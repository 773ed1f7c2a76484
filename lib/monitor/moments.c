/*
 * A block is reduced in two passes, and merged: T. Chan, G. Golub, R. LeVeque (1979) for the mean
 * and the second moment, P. Pebay (Sandia report SAND2008-6212, 2008) for the third and fourth.
 */
#include "monitor/moments.h"

#include <math.h>

static void of_block(struct moments *m, const double *v, size_t n)
{
	double sum = 0, min = v[0], max = v[0];

	for (size_t i = 0; i < n; i++) {
		sum += v[i];
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
	}
	*m = (struct moments){ .n = n, .mean = sum / (double)n, .min = min, .max = max };
	for (size_t i = 0; i < n; i++) {
		double d = v[i] - m->mean, d2 = d * d;

		m->m2 += d2;
		m->m3 += d2 * d;
		m->m4 += d2 * d2;
	}
}

void moments_add(struct moments *m, const double *v, size_t n)
{
	struct moments block;

	if (!n)
		return;
	of_block(&block, v, n);
	moments_merge(m, &block);
}

void moments_merge(struct moments *a, const struct moments *b)
{
	if (!b->n)
		return;
	if (!a->n) {
		*a = *b;
		return;
	}
	double na = (double)a->n, nb = (double)b->n, n = na + nb;
	double d = b->mean - a->mean, d2 = d * d, share = nb / n;

	a->m4 += b->m4 + d2 * d2 * na * nb * (na * na - na * nb + nb * nb) / (n * n * n) +
		 6 * d2 * (na * na * b->m2 + nb * nb * a->m2) / (n * n) +
		 4 * d * (na * b->m3 - nb * a->m3) / n;
	a->m3 += b->m3 + d * d2 * na * nb * (na - nb) / (n * n) + 3 * d * (na * b->m2 - nb * a->m2) / n;
	a->m2 += b->m2 + d2 * na * share;
	a->mean += d * share;
	a->n += b->n;
	a->min = b->min < a->min ? b->min : a->min;
	a->max = b->max > a->max ? b->max : a->max;
}

double moments_sd(const struct moments *m)
{
	return m->n ? sqrt(m->m2 / (double)m->n) : NAN;
}

double moments_skewness(const struct moments *m)
{
	return m->m2 > 0 ? sqrt((double)m->n) * m->m3 / pow(m->m2, 1.5) : NAN;
}

double moments_kurtosis(const struct moments *m)
{
	return m->m2 > 0 ? (double)m->n * m->m4 / (m->m2 * m->m2) - 3 : NAN;
}
