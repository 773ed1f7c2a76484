/* Trials are parted in good and bad ones; tried next is what is likely among the good alone. */
#include "pipeline/search/tpe.h"

#define GAMMA      0.15 /* the share of good ones, as in the paper's experiments */
#define GOOD_MAX   25
#define CANDIDATES 24

/* A mixture of normal distributions, one an observation, and the one that the space stands for. */
struct parzen {
	VEC(double) mean; /* sorted */
	VEC(double) deviation;
	double low, high; /* what lies outside is cut off */
	double step;      /* 1: only whole numbers count, 0: all */
};

static void parzen_clear(struct parzen *p)
{
	vec_free(&p->mean);
	vec_free(&p->deviation);
}

static int compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double gap(const struct parzen *p, size_t i)
{
	double below = i ? p->mean.v[i] - p->mean.v[i - 1] : 0;
	double above = i + 1 < p->mean.n ? p->mean.v[i + 1] - p->mean.v[i] : 0;

	return below > above ? below : above;
}

/* A bandwidth is the distance to the farther neighbour, within bounds that narrow as more is known. */
static void parzen_make(struct parzen *p, const struct space *s, const double *seen, size_t n)
{
	bool normal = s->kind == SPACE_NORMAL;
	double middle = normal ? s->a : (space_low(s) + space_high(s)) / 2;
	double width = normal ? s->b : space_high(s) - space_low(s);
	double least = width / (n + 2 > 100 ? 100 : (double)n + 2);
	bool placed = false;

	*p = (struct parzen){ .low = space_low(s),
			      .high = space_high(s),
			      .step = s->kind == SPACE_INT };
	for (size_t i = 0; i < n; i++)
		vec_push(&p->mean, seen[i]);
	vec_push(&p->mean, middle);
	vec_sort(&p->mean, compare_numbers);
	for (size_t i = 0; i < p->mean.n; i++) {
		double deviation = gap(p, i);

		if (p->mean.v[i] == middle && !placed) {
			placed = true;
			deviation = width;
		}
		vec_push(&p->deviation, deviation < least ? least :
					deviation > width ? width :
							    deviation);
	}
}

static double cdf(double x)
{
	return erfc(-x * M_SQRT1_2) / 2;
}

/* The density at x, or of whole numbers the probability. */
static double parzen_density(const struct parzen *p, double x)
{
	double sum = 0;

	for (size_t i = 0; i < p->mean.n; i++) {
		double m = p->mean.v[i], d = p->deviation.v[i], z = (x - m) / d;
		double kept = cdf((p->high - m) / d) - cdf((p->low - m) / d);
		double at = p->step > 0 ? cdf(z + p->step / 2 / d) - cdf(z - p->step / 2 / d) :
					  exp(-z * z / 2) / (d * sqrt(2 * M_PI));

		sum += at / (kept > 1e-12 ? kept : 1e-12);
	}
	return sum / (double)p->mean.n;
}

static double parzen_draw(const struct parzen *p, struct rng *rng)
{
	size_t i = (size_t)(rng_unit(rng) * (double)p->mean.n);
	double x;

	do
		x = p->mean.v[i] + p->deviation.v[i] * rng_normal(rng);
	while (x < p->low || x > p->high);
	return p->step > 0 ? round(x) : x;
}

static double suggest_number(const struct space *s, const double *good, size_t n_good,
			     const double *bad, size_t n_bad, struct rng *rng)
{
	__attribute__((cleanup(parzen_clear))) struct parzen of_good, of_bad;
	double best = 0, best_score = -INFINITY;

	parzen_make(&of_good, s, good, n_good);
	parzen_make(&of_bad, s, bad, n_bad);
	for (int i = 0; i < CANDIDATES; i++) {
		double x = parzen_draw(&of_good, rng);
		double score = log(parzen_density(&of_good, x)) - log(parzen_density(&of_bad, x));

		if (score > best_score || !i) {
			best_score = score;
			best = x;
		}
	}
	return best;
}

/* How likely each choice is: its share of what was seen, none of them impossible. New. */
static double *shares(const struct space *s, const double *seen, size_t n)
{
	double *p = xcalloc(s->choices.n, sizeof(*p));

	for (size_t i = 0; i < s->choices.n; i++)
		p[i] = 1 / ((double)n + (double)s->choices.n);
	for (size_t i = 0; i < n; i++)
		p[(size_t)seen[i]] += 1 / ((double)n + (double)s->choices.n);
	return p;
}

static size_t draw_choice(const double *p, size_t n, struct rng *rng)
{
	double u = rng_unit(rng);
	size_t i = 0;

	while (i + 1 < n && u >= p[i])
		u -= p[i++];
	return i;
}

static double suggest_choice(const struct space *s, const double *good, size_t n_good,
			     const double *bad, size_t n_bad, struct rng *rng)
{
	autofree double *of_good = shares(s, good, n_good);
	autofree double *of_bad = shares(s, bad, n_bad);
	size_t best = 0;

	for (int i = 0; i < CANDIDATES; i++) {
		size_t k = draw_choice(of_good, s->choices.n, rng);

		if (!i || of_good[k] / of_bad[k] > of_good[best] / of_bad[best])
			best = k;
	}
	return (double)best;
}

static int by_loss(const void *a, const void *b)
{
	const struct tpe_trial *x = *(const struct tpe_trial *const *)a;
	const struct tpe_trial *y = *(const struct tpe_trial *const *)b;

	if (x->loss != y->loss)
		return x->loss < y->loss ? -1 : 1;
	return (x > y) - (x < y);
}

/* The places of one space that are known; returns how many. */
static size_t gather(const struct tpe_trial *const *trials, size_t n, size_t space, double *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(trials[i]->places[space]))
			out[found++] = trials[i]->places[space];
	return found;
}

void tpe_suggest(const struct spaces *spaces, const struct tpe_trial *trials, size_t n,
		 struct rng *rng, double *out)
{
	autofree const struct tpe_trial **sorted = xcalloc(n + 1, sizeof(*sorted));
	autofree double *good = xcalloc(n + 1, sizeof(*good));
	autofree double *bad = xcalloc(n + 1, sizeof(*bad));
	size_t n_good = (size_t)ceil(GAMMA * (double)n);

	if (n_good > GOOD_MAX)
		n_good = GOOD_MAX;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &trials[i];
	qsort(sorted, n, sizeof(*sorted), by_loss);
	for (size_t i = 0; i < spaces->n; i++) {
		const struct space *s = &spaces->v[i];
		size_t g = gather(sorted, n_good, i, good);
		size_t b = gather(sorted + n_good, n - n_good, i, bad);

		if (n < TPE_STARTUP)
			out[i] = space_draw(s, rng);
		else if (s->kind == SPACE_CHOICE)
			out[i] = suggest_choice(s, good, g, bad, b, rng);
		else
			out[i] = suggest_number(s, good, g, bad, b, rng);
	}
}
