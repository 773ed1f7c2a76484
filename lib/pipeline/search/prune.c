/* The two rules of early stopping. */
#include "pipeline/search/prune.h"

#include <math.h>

#include "base/vec.h"

typedef VEC(double) numbers;

static int compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Turned round when great is good, so that less is always better; what is no number is worst. */
static double loss_of(double value, bool maximize)
{
	return isnan(value) ? INFINITY : maximize ? -value : value;
}

/* The mean of what was logged up to a step; NaN when that is nothing. */
static double mean_until(const struct curve *c, int64_t step, bool maximize)
{
	double sum = 0;
	size_t n = 0;

	for (; n < c->n && c->points[n].step <= step; n++)
		sum += loss_of(c->points[n].value, maximize);
	return n ? sum / (double)n : NAN;
}

static double best_of(const struct curve *c, bool maximize)
{
	double best = INFINITY;

	for (size_t i = 0; i < c->n; i++)
		best = fmin(best, loss_of(c->points[i].value, maximize));
	return best;
}

static double median(numbers *list)
{
	vec_sort(list, compare_numbers);
	size_t half = list->n / 2;
	return list->n % 2 ? list->v[half] : (list->v[half - 1] + list->v[half]) / 2;
}

/* Its best is worse than the median of what finished ones had on average by this step. */
static bool is_below_median(const struct curve *own, const struct curve *others, size_t n,
			    bool maximize)
{
	int64_t step = own->points[own->n - 1].step;
	numbers means = { 0 };

	for (size_t i = 0; i < n; i++) {
		double mean = others[i].finished ? mean_until(&others[i], step, maximize) : NAN;

		if (!isnan(mean))
			vec_push(&means, mean);
	}
	bool stop = means.n >= PRUNE_MIN_FINISHED && best_of(own, maximize) > median(&means);
	vec_free(&means);
	return stop;
}

/* The first value at or after a step; NaN when it did not get there. */
static double value_at(const struct curve *c, int64_t step, bool maximize)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->points[i].step >= step)
			return loss_of(c->points[i].value, maximize);
	return NAN;
}

/* Of those that came to the rung, itself included, it is not in the best quarter. */
static bool fails_rung(const struct curve *own, const struct curve *others, size_t n, int64_t rung,
		       bool maximize)
{
	double mine = value_at(own, rung, maximize);
	size_t reached = 1, better = 0;

	for (size_t i = 0; i < n; i++) {
		double theirs = value_at(&others[i], rung, maximize);

		reached += !isnan(theirs);
		better += theirs < mine;
	}
	size_t go_on = reached / HALVING_FACTOR;
	return better >= (go_on ? go_on : 1);
}

static bool is_halved(const struct curve *own, const struct curve *others, size_t n, bool maximize)
{
	int64_t last = own->points[own->n - 1].step;

	for (int64_t rung = 1; rung <= last; rung *= HALVING_FACTOR) {
		if (fails_rung(own, others, n, rung, maximize))
			return true;
		if (rung > INT64_MAX / HALVING_FACTOR)
			break;
	}
	return false;
}

bool prune_now(enum search_pruner pruner, const struct curve *own, const struct curve *others,
	       size_t n, bool maximize)
{
	if (!own->n)
		return false;
	switch (pruner) {
	case PRUNER_MEDIAN:
		return is_below_median(own, others, n, maximize);
	case PRUNER_HALVING:
		return is_halved(own, others, n, maximize);
	case PRUNER_NONE:
		break;
	}
	return false;
}
