/* From two samples of a column to a verdict's evidence: which test, its value, new categories. */
#include "monitor/trial.h"

#include <math.h>

#define FEW_VALUES 20 /* of the reference's numbers, up to which each value is a cell (Evidently) */

void trial_start(struct trial *t, const char *name)
{
	struct drift_column *c = t->out;

	c->name = xstrdup(name);
	c->p_value = c->p_adjusted = c->statistic = c->threshold = c->effect = NAN;
}

void trial_rows(struct trial *t, int side, uint64_t rows, uint64_t missing)
{
	struct drift_column *c = t->out;

	c->rows[side] = rows - missing;
	c->missing[side] = missing;
	if (side && !c->rows[1] && c->rows[0])
		c->reasons |= DRIFT_ABSENT;
}

/* The test that was asked for where it fits the column, else the one by type and size. */
static const struct drift_test *choose(const struct trial *t, bool numbers)
{
	uint64_t distinct = t->e.survey.distinct_all;
	bool fits = t->wanted && (!numbers || (t->wanted->on & ON_NUMBERS) || distinct <= 5) &&
		    (numbers || (t->wanted->on & ON_CATEGORIES));

	return fits ? t->wanted : test_default(numbers, t->e.n[0], distinct);
}

static void record(struct trial *t, const struct drift_test *test)
{
	struct drift_column *out = t->out;
	struct test_value value = test->run(&t->e);
	bool cells = test->on & ON_CELLS;

	out->test = test->name;
	out->by_p = test->by_p;
	out->threshold = t->wanted == test && t->opts->threshold > 0 ? t->opts->threshold :
									   test->threshold;
	out->statistic = value.statistic;
	out->p_value = value.p;
	out->effect_name = cells ? "jensenshannon" : "wasserstein";
	out->effect = cells ? measure_jensen_shannon(&t->e.cells) : test_wasserstein(&t->e);
}

static int count_cells(struct trial *t, struct pair *pair, const struct drift_test *test, bool whole,
		       struct mlops_error *err)
{
	const struct survey *s = &t->e.survey;
	uint64_t size = test->unique_bins ? s->distinct_all : s->n[0] + s->n[1];

	if (!test->unique_bins && s->distinct[0] <= FEW_VALUES)
		return pair_count_values(pair, &t->e.cells, err);
	return pair_count_sturges(pair, s, size, whole, &t->e.cells, err);
}

int trial_numbers(struct trial *t, struct pair *pair, double sd, bool whole, struct mlops_error *err)
{
	if (!pair->n[0] || !pair->n[1])
		return 0;
	if (pair_survey(pair, t->wanted ? t->wanted->extra : 0, &t->e.survey, err))
		return -1;
	t->e.sd = sd;
	memcpy(t->e.n, pair->n, sizeof(t->e.n));
	memcpy(t->e.first, t->e.survey.first, sizeof(t->e.first));
	const struct drift_test *test = choose(t, true);
	if ((test->on & ON_CELLS) && count_cells(t, pair, test, whole, err))
		return -1;
	record(t, test);
	return 0;
}

void trial_not_numbers(struct trial *t, uint64_t n, uint64_t all)
{
	if (n && (double)n >= t->opts->new_share * (double)all)
		t->out->reasons |= DRIFT_NOT_NUMBERS;
}

/* Text with too many different values: how long it is stands for it. */
static int try_lengths(struct trial *t, const struct tally *tally, struct mlops_error *err)
{
	size_t n;
	autofree struct pair_group *groups = tally_lengths(tally, &n);
	struct pair pair = { .groups = groups, .n_groups = n };
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)groups[i].n[0] * groups[i].value;
		pair.n[0] += groups[i].n[0];
		pair.n[1] += groups[i].n[1];
	}
	for (size_t i = 0; i < n; i++)
		squares += (double)groups[i].n[0] * pow(groups[i].value - sum / (double)pair.n[0], 2);
	t->out->type = DRIFT_TEXT;
	return trial_numbers(t, &pair, sqrt(squares / (double)pair.n[0]), true, err);
}

/* The smallest text of all, and how often each side has it. */
static void find_first(struct evidence *e, const struct tally *tally)
{
	size_t least = 0;

	for (size_t i = 1; i < tally->index.n; i++)
		if (strcmp(tally->index.v[i].key, tally->index.v[least].key) < 0)
			least = i;
	for (int side = 0; side < 2; side++)
		e->first[side] = tally->index.n ? tally->counts.n[side][least] : 0;
}

/*
 * Values that the reference never had. Some are to be expected: about as large a share as that of
 * the values which the reference has once (I. Good, A. Turing, 1953). Drift is what exceeds this
 * by new_share, and by more than chance allows.
 */
static void check_new_values(struct trial *t, const struct tally *tally)
{
	uint64_t hits[2] = { 0, tally->beyond[1] }, most = 0;
	const struct cells *c = &tally->counts;

	for (size_t i = 0; i < tally->index.n; i++) {
		hits[0] += c->n[0][i] == 1;
		if (c->n[0][i])
			continue;
		hits[1] += c->n[1][i];
		if (c->n[1][i] > most) {
			most = c->n[1][i];
			free(t->out->new_value);
			t->out->new_value = xstrdup(tally->index.v[i].key);
		}
	}
	double expected = (double)hits[0] / (double)t->e.n[0];
	t->out->new_share = (double)hits[1] / (double)t->e.n[1];
	if (hits[1] && t->out->new_share - expected >= t->opts->new_share &&
	    measure_proportions(hits, t->e.n).p <= t->opts->alpha / 100)
		t->out->reasons |= DRIFT_NEW_VALUES;
}

int trial_texts(struct trial *t, struct tally *tally, struct mlops_error *err)
{
	struct evidence *e = &t->e;

	if (tally->beyond[0])
		return try_lengths(t, tally, err);
	t->out->type = DRIFT_CATEGORY;
	for (size_t i = 0; i < tally->counts.count; i++) {
		cells_add(&e->cells, tally->counts.n[0][i], tally->counts.n[1][i]);
		e->n[0] += tally->counts.n[0][i];
		e->n[1] += tally->counts.n[1][i];
	}
	if (tally->beyond[1])
		cells_add(&e->cells, 0, tally->beyond[1]);
	e->n[1] += tally->beyond[1];
	e->survey.distinct_all = e->cells.count;
	if (!e->n[0] || !e->n[1])
		return 0;
	find_first(e, tally);
	check_new_values(t, tally);
	record(t, choose(t, false));
	return 0;
}

void trial_clear(struct trial *t)
{
	cells_clear(&t->e.cells);
}
