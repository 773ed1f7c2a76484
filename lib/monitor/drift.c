/* The comparison of two tables: evidence column by column, and the verdict on all of them. */
#include <math.h>

#include "base/str.h"
#include "monitor/intake.h"
#include "monitor/profile.h"
#include "monitor/trial.h"

static int try_numbers(struct trial *t, struct intake *in, struct feature *f, struct mlops_error *err)
{
	autoorder *reference = NULL, *current = NULL;
	struct pair pair = { .n = { f->values[0].n, f->values[1].n } };

	trial_not_numbers(t, f->not_number[1], pair.n[1] + f->not_number[1]);
	if (order_open(&in->spill, &f->values[0], &reference, err) ||
	    order_open(&in->spill, &f->values[1], &current, err))
		return -1;
	pair.side[0] = reference;
	pair.side[1] = current;
	return trial_numbers(t, &pair, moments_sd(&f->moments[0]), f->whole, err);
}

static int try_feature(struct trial *t, struct intake *in, struct feature *f, struct mlops_error *err)
{
	int rc;

	trial_start(t, f->name);
	rc = f->is_text ? trial_texts(t, &f->tally, err) : try_numbers(t, in, f, err);
	for (int side = 0; side < 2; side++)
		trial_rows(t, side, in->rows[side], f->found[side] ? f->missing[side] : in->rows[side]);
	tally_clear(&f->tally);
	trial_clear(t);
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

static int compare_tables(const char *const paths[2], const struct mlops_drift_opts *opts,
			  const struct drift_test *wanted, struct drift_report *report,
			  struct mlops_error *err)
{
	autointake in;

	intake_init(&in);
	if (intake_read(&in, 0, paths[0], &opts->table, err) ||
	    intake_read(&in, 1, paths[1], &opts->table, err))
		return -1;
	drift_report_rows(report, in.rows, in.features.n);
	for (size_t i = 0; i < in.features.n; i++) {
		struct trial t = { .opts = opts, .wanted = wanted, .out = &report->columns[i] };

		if (try_feature(&t, &in, &in.features.v[i], err))
			return err_wrap(err, "cannot compare column '%s'", report->columns[i].name);
	}
	return 0;
}

void drift_report_rows(struct drift_report *report, const uint64_t rows[2], size_t columns)
{
	memcpy(report->rows, rows, sizeof(report->rows));
	report->n_columns = columns;
	report->columns = xcalloc(columns + 1, sizeof(*report->columns));
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
	const char *const paths[2] = { reference, current };
	const struct drift_test *wanted;
	bool profiles = mlops_is_profile(reference) || mlops_is_profile(current);

	if (find_wanted(opts->test, &wanted, err))
		return -1;
	struct drift_report *report = xcalloc(1, sizeof(*report));
	if ((profiles ? drift_profiles : compare_tables)(paths, opts, wanted, report, err)) {
		mlops_drift_free(report);
		return -1;
	}
	judge(report, opts);
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
