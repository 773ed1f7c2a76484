/* What one walk over two sorted samples finds out: statistics of their distribution functions. */
#include <math.h>

#include "monitor/pair.h"

typedef __int128 int128;

struct surveyor {
	struct survey *s;
	unsigned extra;
	bool started;
	double last;          /* the value before */
	uint64_t seen[2];     /* values so far */
	double gap;           /* |F0 - F1| * n0 * n1 there */
	double widest, area;  /* the largest gap, and the area under it */
	double anderson[2];   /* sum for each side */
	int128 cramer[2];     /* 4 * sum of (rank in both - rank in its own)^2 for each side */
};

/* F. Scholz, M. Stephens (1987), "K-sample Anderson-Darling tests", equation 7 (midranks). */
static void add_anderson(struct surveyor *sv, const struct pair_group *g)
{
	double total = (double)(sv->s->n[0] + sv->s->n[1]), l = (double)(g->n[0] + g->n[1]);
	double b = (double)(sv->seen[0] + sv->seen[1]) + l / 2;
	double below = b * (total - b) - total * l / 4;

	for (int i = 0; i < 2; i++) {
		double m = (double)sv->seen[i] + (double)g->n[i] / 2, d = total * m - b * (double)sv->s->n[i];

		sv->anderson[i] += l / total * d * d / below;
	}
}

/*
 * T. Anderson (1962), "On the distribution of the two-sample Cramer-von Mises criterion",
 * equation 10, with midranks: a side's t equal values behind `own` smaller ones differ in rank by
 * other + u/2 on average, where u is how often the other side has the value. In whole numbers, as
 * the result is a small difference of large ones.
 */
static void add_cramer(struct surveyor *sv, const struct pair_group *g)
{
	for (int i = 0; i < 2; i++) {
		int128 t = g->n[i], d = 2 * (int128)sv->seen[!i] + g->n[!i];

		sv->cramer[i] += t * d * d + (t * t * t - t) / 3;
	}
}

static void visit(void *arg, const struct pair_group *groups, size_t n)
{
	struct surveyor *sv = arg;
	struct survey *s = sv->s;
	double n0 = (double)s->n[0], n1 = (double)s->n[1];

	if (!sv->started) {
		s->min = groups->value;
		s->first[0] = groups->n[0];
		s->first[1] = groups->n[1];
		sv->last = groups->value;
		sv->started = true;
	}
	for (size_t i = 0; i < n; i++) {
		const struct pair_group *g = &groups[i];

		sv->area += sv->gap * (g->value - sv->last);
		sv->last = g->value;
		if (sv->extra & PAIR_ANDERSON)
			add_anderson(sv, g);
		if (sv->extra & PAIR_CRAMER)
			add_cramer(sv, g);
		sv->seen[0] += g->n[0];
		sv->seen[1] += g->n[1];
		s->distinct[0] += g->n[0] > 0;
		s->distinct[1] += g->n[1] > 0;
		sv->gap = fabs((double)sv->seen[0] * n1 - (double)sv->seen[1] * n0);
		sv->widest = sv->gap > sv->widest ? sv->gap : sv->widest;
	}
	s->distinct_all += n;
	s->max = sv->last;
}

/* Anderson (1962), equation 9; u is 4 * U. */
static double cramer_t(const struct survey *s, const int128 sum[2])
{
	int128 n = s->n[0], m = s->n[1], k = n * m;
	int128 u = n * sum[0] + m * sum[1];

	return (double)(6 * u - 4 * k * (4 * k - 1)) / (24 * (double)k * (double)(n + m));
}

int pair_survey(struct pair *p, unsigned extra, struct survey *out, struct mlops_error *err)
{
	struct surveyor sv = { .s = out, .extra = extra };

	*out = (struct survey){ .n = { p->n[0], p->n[1] } };
	if (pair_walk(p, visit, &sv, err))
		return -1;
	double n0 = (double)out->n[0], n1 = (double)out->n[1], total = n0 + n1;
	out->ks = sv.widest / (n0 * n1);
	out->ks_slack = p->slack;
	out->wasserstein = sv.area / (n0 * n1);
	if (extra & PAIR_ANDERSON)
		out->anderson = (sv.anderson[0] / n0 + sv.anderson[1] / n1) * (total - 1) / total;
	if (extra & PAIR_CRAMER)
		out->cramer = cramer_t(out, sv.cramer);
	return 0;
}
