/* From sums to predictions: the inverse link functions of generalised linear models, and kin. */
#include <math.h>

#include "registry/scoring/scorer.h"

size_t link_outputs(const struct scorer *s)
{
	switch (s->links[0]) {
	case LINK_ARGMAX:
		return 1;
	case LINK_BOTH: case LINK_BOTH_LOGISTIC:
		return 2;
	default:
		return s->n_sums;
	}
}

static double logistic(double x)
{
	return 1 / (1 + exp(-x));
}

/* With the largest taken off first, so that no exponent overflows. */
static void softmax(double *v, size_t n)
{
	double top = v[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		top = fmax(top, v[i]);
	for (size_t i = 0; i < n; i++)
		sum += v[i] = exp(v[i] - top);
	for (size_t i = 0; i < n; i++)
		v[i] /= sum;
}

static void share(double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += fabs(v[i]);
	for (size_t i = 0; sum > 0 && i < n; i++)
		v[i] /= sum;
}

static double largest(const double *v, size_t n)
{
	size_t top = 0;

	for (size_t i = 1; i < n; i++)
		if (v[i] > v[top])
			top = i;
	return (double)top;
}

static double map(const struct scorer *s, enum link_kind kind, double x)
{
	switch (kind) {
	case LINK_LOGISTIC:
		return logistic(s->logistic_scale * x);
	case LINK_EXP:
		return exp(x);
	case LINK_LOG1P_EXP:
		return log1p(exp(x));
	case LINK_STEP:
		return x > 0;
	case LINK_SQUARE:
		return x * fabs(x);
	default:
		return x;
	}
}

static void apply(const struct scorer *s, enum link_kind kind, double *v, size_t n)
{
	switch (kind) {
	case LINK_BOTH: case LINK_BOTH_LOGISTIC:
		v[1] = kind == LINK_BOTH ? v[0] : logistic(v[0]);
		v[0] = 1 - v[1];
		break;
	case LINK_SOFTMAX:
		softmax(v, n);
		break;
	case LINK_SHARE:
		share(v, n);
		break;
	default:
		for (size_t i = 0; i < n; i++)
			v[i] = map(s, kind, v[i]);
	}
}

void link_apply(const struct scorer *s, const double *sums, double *out)
{
	size_t n = link_outputs(s);

	if (s->links[0] == LINK_ARGMAX) {
		out[0] = largest(sums, s->n_sums);
		return;
	}
	for (size_t i = 0; i < s->n_sums; i++)
		out[i] = sums[i];
	for (size_t i = 0; i < SCORER_LINKS; i++)
		apply(s, s->links[i], out, n);
}
