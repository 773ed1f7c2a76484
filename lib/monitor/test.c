/* The table of tests. Thresholds and what counts as drift are Evidently's (release 0.7.23). */
#include "monitor/test.h"

#include <math.h>

double test_wasserstein(const struct evidence *e)
{
	return e->survey.wasserstein / fmax(e->sd, 0.001);
}

/* A distance of distribution functions, with the p-value of Kolmogorov and Smirnov. */
static struct test_value wasserstein(const struct evidence *e)
{
	return (struct test_value){ test_wasserstein(e), measure_ks(&e->survey).p };
}

static struct test_value ks(const struct evidence *e)
{
	return measure_ks(&e->survey);
}

static struct test_value anderson(const struct evidence *e)
{
	return measure_anderson(&e->survey);
}

static struct test_value cramer(const struct evidence *e)
{
	return measure_cramer(&e->survey);
}

/* A distance of counts, with the p-value of homogeneity. */
static struct test_value distance(const struct evidence *e, double value)
{
	return (struct test_value){ value, measure_contingency(&e->cells, false).p };
}

static struct test_value jensen_shannon(const struct evidence *e)
{
	return distance(e, measure_jensen_shannon(&e->cells));
}

static struct test_value hellinger(const struct evidence *e)
{
	return distance(e, measure_hellinger(&e->cells));
}

static struct test_value total_variation(const struct evidence *e)
{
	return distance(e, measure_total_variation(&e->cells));
}

static struct test_value kl(const struct evidence *e)
{
	return distance(e, measure_kl(&e->cells));
}

static struct test_value psi(const struct evidence *e)
{
	double value = measure_psi(&e->cells);

	return (struct test_value){ value, measure_psi_p(&e->cells, value) };
}

static struct test_value chisquare(const struct evidence *e)
{
	return measure_chisquare(&e->cells);
}

static struct test_value contingency(const struct evidence *e)
{
	return measure_contingency(&e->cells, true);
}

/* Evidently: hits are the values that are not the first in sorted order. */
static struct test_value proportions(const struct evidence *e)
{
	const uint64_t hits[2] = { e->n[0] - e->first[0], e->n[1] - e->first[1] };

	return measure_proportions(hits, e->n);
}

#define BOTH (ON_NUMBERS | ON_CATEGORIES | ON_CELLS)

const struct drift_test drift_tests[] = {
	{ .name = "wasserstein", .help = "Wasserstein distance over the reference's standard deviation",
	  .on = ON_NUMBERS, .threshold = 0.1, .run = wasserstein },
	{ .name = "ks", .help = "Kolmogorov-Smirnov", .on = ON_NUMBERS, .by_p = true, .threshold = 0.05,
	  .run = ks },
	{ .name = "anderson", .help = "Anderson-Darling", .on = ON_NUMBERS, .extra = PAIR_ANDERSON,
	  .by_p = true, .threshold = 0.1, .run = anderson },
	{ .name = "cramer_von_mises", .help = "Cramer-von Mises", .on = ON_NUMBERS, .extra = PAIR_CRAMER,
	  .by_p = true, .threshold = 0.1, .run = cramer },
	{ .name = "jensenshannon", .help = "Jensen-Shannon distance", .on = BOTH, .threshold = 0.1,
	  .run = jensen_shannon },
	{ .name = "psi", .help = "population stability index", .on = BOTH, .threshold = 0.1, .run = psi },
	{ .name = "hellinger", .help = "Hellinger distance", .on = BOTH, .unique_bins = true,
	  .threshold = 0.1, .run = hellinger },
	{ .name = "kl_div", .help = "Kullback-Leibler divergence", .on = BOTH, .threshold = 0.1,
	  .run = kl },
	{ .name = "tvd", .help = "total variation distance", .on = ON_CATEGORIES | ON_CELLS,
	  .threshold = 0.1, .run = total_variation },
	{ .name = "chisquare", .help = "chi-squared goodness of fit to the reference",
	  .on = ON_CATEGORIES | ON_CELLS, .by_p = true, .threshold = 0.05, .run = chisquare },
	{ .name = "chi2_contingency", .help = "chi-squared test of homogeneity",
	  .on = ON_CATEGORIES | ON_CELLS, .by_p = true, .threshold = 0.05, .run = contingency },
	{ .name = "z", .help = "Z test of the share of the first value", .on = ON_CATEGORIES | ON_CELLS,
	  .by_p = true, .threshold = 0.05, .run = proportions },
};
const size_t n_drift_tests = ARRAY_LEN(drift_tests);

const struct drift_test *test_find(const char *name)
{
	for (size_t i = 0; i < n_drift_tests; i++)
		if (!strcmp(drift_tests[i].name, name))
			return &drift_tests[i];
	return NULL;
}

const struct drift_test *test_default(bool numbers, uint64_t n, uint64_t distinct)
{
	bool many = numbers && distinct > 5;

	if (n > 1000)
		return test_find(many ? "wasserstein" : "jensenshannon");
	return test_find(many ? "ks" : distinct > 2 ? "chisquare" : "z");
}
