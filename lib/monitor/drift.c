/* The comparison of two tables: evidence column by column, and the verdict on all of them. */
#include <math.h>

#include "base/str.h"
#include "monitor/intake.h"
#include "monitor/test.h"

#define FEW_VALUES 20 /* of the reference's numbers, up to which each value is a cell (Evidently) */

/* One column under judgement. */
struct trial {
	const struct mlops_drift_opts *opts;
	const struct drift_test *wanted; /* NULL: by type and size */
	struct drift_column *out;
	struct evidence e;
};

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

/* Tests numbers, in order already; the reference's standard deviation is in the evidence. */
static int try_pair(struct trial *t, struct pair *pair, bool whole, struct mlops_error *err)
{
	if (pair_survey(pair, t->wanted ? t->wanted->extra : 0, &t->e.survey, err))
		return -1;
	memcpy(t->e.n, pair->n, sizeof(t->e.n));
	memcpy(t->e.first, t->e.survey.first, sizeof(t->e.first));
	const struct drift_test *test = choose(t, true);
	if ((test->on & ON_CELLS) && count_cells(t, pair, test, whole, err))
		return -1;
	record(t, test);
	return 0;
}

static int try_numbers(struct trial *t, struct intake *in, struct feature *f, struct mlops_error *err)
{
	autoorder *reference = NULL, *current = NULL;
	struct pair pair = { .n = { f->values[0].n, f->values[1].n } };
	uint64_t current_all = pair.n[1] + f->not_number[1];

	if (f->not_number[1] && (double)f->not_number[1] >= t->opts->new_share * (double)current_all)
		t->out->reasons |= DRIFT_NOT_NUMBERS;
	if (!pair.n[0] || !pair.n[1])
		return 0;
	if (order_open(&in->spill, &f->values[0], &reference, err) ||
	    order_open(&in->spill, &f->values[1], &current, err))
		return -1;
	pair.side[0] = reference;
	pair.side[1] = current;
	t->e.sd = moments_sd(&f->moments[0]);
	return try_pair(t, &pair, f->whole, err);
}

/* Text with too many different values: how long it is stands for it. */
static int try_lengths(struct trial *t, const struct feature *f, struct mlops_error *err)
{
	size_t n;
	autofree struct pair_group *groups = tally_lengths(&f->tally, &n);
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
	t->e.sd = sqrt(squares / (double)pair.n[0]);
	return pair.n[1] ? try_pair(t, &pair, true, err) : 0;
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

static int try_categories(struct trial *t, struct feature *f, struct mlops_error *err)
{
	struct evidence *e = &t->e;

	if (f->tally.beyond[0])
		return try_lengths(t, f, err);
	t->out->type = DRIFT_CATEGORY;
	if (f->tally.beyond[1])
		cells_add(&f->tally.counts, 0, f->tally.beyond[1]);
	for (size_t i = 0; i < f->tally.counts.count; i++) {
		uint64_t a = f->tally.counts.n[0][i], b = f->tally.counts.n[1][i];

		cells_add(&e->cells, a, b);
		e->n[0] += a;
		e->n[1] += b;
	}
	e->survey.distinct_all = e->cells.count;
	if (!e->n[0] || !e->n[1])
		return 0;
	find_first(e, &f->tally);
	check_new_values(t, &f->tally);
	record(t, choose(t, false));
	return 0;
}

static int try_feature(struct trial *t, struct intake *in, struct feature *f, struct mlops_error *err)
{
	struct drift_column *out = t->out;
	int rc;

	out->name = steal_ptr(&f->name);
	out->p_value = out->p_adjusted = out->statistic = out->threshold = out->effect = NAN;
	rc = f->is_text ? try_categories(t, f, err) : try_numbers(t, in, f, err);
	for (int side = 0; side < 2; side++) {
		out->rows[side] = in->rows[side] - f->missing[side];
		out->missing[side] = f->missing[side];
	}
	if (!f->found[1])
		out->missing[1] = in->rows[1];
	if (!f->found[1] || (out->rows[0] && out->missing[1] == in->rows[1]))
		out->reasons |= DRIFT_ABSENT;
	cells_clear(&t->e.cells);
	tally_clear(&f->tally);
	return rc;
}

static bool is_drift(const struct drift_column *c, const struct mlops_drift_opts *opts)
{
	if (c->by_p)
		return c->p_adjusted <= c->threshold && c->effect >= opts->effect;
	return c->statistic >= c->threshold && c->p_adjusted <= opts->alpha;
}

static void judge(struct drift_report *report, const struct mlops_drift_opts *opts)
{
	autofree double *p = xmalloc((report->n_columns ? report->n_columns : 1) * sizeof(*p));

	for (size_t i = 0; i < report->n_columns; i++)
		p[i] = report->columns[i].p_value;
	if (!opts->uncorrected)
		measure_adjust(p, report->n_columns);
	for (size_t i = 0; i < report->n_columns; i++) {
		struct drift_column *c = &report->columns[i];

		c->p_adjusted = p[i];
		if (is_drift(c, opts))
			c->reasons |= DRIFT_TESTED;
		report->n_drifted += c->reasons != 0;
	}
	if (report->n_columns)
		report->share = (double)report->n_drifted / (double)report->n_columns;
	report->drifted = report->n_drifted && report->share >= opts->share;
}

static int compare(struct intake *in, const struct mlops_drift_opts *opts,
		   const struct drift_test *wanted, struct drift_report *report, struct mlops_error *err)
{
	report->n_columns = in->features.n;
	report->columns = xcalloc(in->features.n + 1, sizeof(*report->columns));
	memcpy(report->rows, in->rows, sizeof(report->rows));
	for (size_t i = 0; i < in->features.n; i++) {
		struct trial t = { .opts = opts, .wanted = wanted, .out = &report->columns[i] };

		if (try_feature(&t, in, &in->features.v[i], err))
			return err_wrap(err, "cannot compare column '%s'", report->columns[i].name);
	}
	judge(report, opts);
	return 0;
}

static int find_wanted(const char *name, const struct drift_test **out, struct mlops_error *err)
{
	const char *names[32] = { NULL };

	*out = name ? test_find(name) : NULL;
	if (!name || *out)
		return 0;
	for (size_t i = 0; i < n_drift_tests && i < ARRAY_LEN(names) - 1; i++)
		names[i] = drift_tests[i].name;
	const char *near = str_suggest(name, names);
	err_set(err, MLOPS_EINVALID, "there is no test named '%s'", name);
	return near ? err_hint(err, "did you mean '%s'?", near) : err_hint(err, "see: mlops help monitor");
}

int mlops_drift(const char *reference, const char *current, const struct mlops_drift_opts *opts,
		struct drift_report **out, struct mlops_error *err)
{
	const struct drift_test *wanted;
	autointake in;

	intake_init(&in);
	if (find_wanted(opts->test, &wanted, err) ||
	    intake_read(&in, 0, reference, &opts->table, err) ||
	    intake_read(&in, 1, current, &opts->table, err))
		return -1;
	struct drift_report *report = xcalloc(1, sizeof(*report));
	if (compare(&in, opts, wanted, report, err)) {
		mlops_drift_free(report);
		return -1;
	}
	*out = report;
	return 0;
}

void mlops_drift_free(struct drift_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->n_columns; i++) {
		free(report->columns[i].name);
		free(report->columns[i].new_value);
	}
	free(report->columns);
	free(report);
}
