/* Drift out of profiles: sketches stand for the data, and their error counts against drift. */
#include "monitor/profile.h"
#include "monitor/source.h"
#include "monitor/trial.h"

struct sides {
	struct profile *profile[2];
};

static void sides_clear(struct sides *s)
{
	mlops_profile_free(s->profile[0]);
	mlops_profile_free(s->profile[1]);
}

/* Both sides' values in one ascending row; new. */
static struct pair_group *merge_values(const struct kll *a, const struct kll *b, size_t *n)
{
	size_t na, nb, i = 0, k = 0;
	autofree struct pair_group *va = kll_values(a, &na), *vb = kll_values(b, &nb);
	struct pair_group *out = xmalloc((na + nb + 1) * sizeof(*out));

	for (*n = 0; i < na || k < nb; ++*n) {
		double value = k == nb || (i < na && va[i].value < vb[k].value) ? va[i].value : vb[k].value;

		out[*n] = (struct pair_group){ .value = value };
		for (; i < na && va[i].value == value; i++)
			out[*n].n[0] += va[i].n[0];
		for (; k < nb && vb[k].value == value; k++)
			out[*n].n[1] += vb[k].n[0];
	}
	return out;
}

static int try_numbers(struct trial *t, const struct profile_column *a, const struct profile_column *b,
		       struct mlops_error *err)
{
	const struct kll *qa = &a->quantiles, *qb = &b->quantiles;
	struct pair pair = { .n = { qa->n, qb->n } };
	uint64_t text = b->kinds[PROFILE_TEXT] + b->kinds[PROFILE_BOOLEAN];
	bool whole = !a->missing && !b->missing && !a->kinds[PROFILE_REAL] && !b->kinds[PROFILE_REAL];

	/* a sketch of one level is all the values */
	pair.slack = (qa->n_levels > 1 ? KLL_ERROR : 0) + (qb->n_levels > 1 ? KLL_ERROR : 0);
	autofree struct pair_group *groups = merge_values(qa, qb, &pair.n_groups);
	pair.groups = groups;
	trial_not_numbers(t, text, qb->n + text);
	return trial_numbers(t, &pair, moments_sd(&a->numbers), whole, err);
}

static uint64_t count_of(const struct hitters *h, const char *text, size_t n)
{
	uintptr_t at = (uintptr_t)map_getn(&h->index, text, n);

	return at ? h->counts.v[at - 1] : 0;
}

static void put_cell(struct tally *tally, const struct map_entry *e, uint64_t a, uint64_t b)
{
	cells_add(&tally->counts, a, b);
	map_putn(&tally->index, e->key, e->key_len, (void *)(uintptr_t)tally->counts.count);
}

/*
 * The texts of both sides. One that a sketched side does not have is told apart only when the
 * other has it more often than the sketch may have lost; what is left shares one cell.
 */
static void fill_tally(struct tally *tally, const struct hitters *a, const struct hitters *b,
		       const uint64_t n[2])
{
	static const struct map_entry rest = { .key = (char *)"", .key_len = 0 };
	uint64_t told[2] = { 0, 0 };

	for (size_t i = 0; i < a->counts.n; i++) {
		const struct map_entry *e = &a->index.v[i];
		uint64_t other = count_of(b, e->key, e->key_len);

		if (!other && a->counts.v[i] <= b->error)
			continue;
		put_cell(tally, e, a->counts.v[i], other);
		told[0] += a->counts.v[i];
		told[1] += other;
	}
	for (size_t i = 0; i < b->counts.n; i++) {
		const struct map_entry *e = &b->index.v[i];

		if (b->counts.v[i] <= a->error || map_getn(&tally->index, e->key, e->key_len))
			continue;
		put_cell(tally, e, 0, b->counts.v[i]);
		told[1] += b->counts.v[i];
	}
	if (told[0] < n[0] || told[1] < n[1])
		put_cell(tally, &rest, n[0] - told[0], n[1] - told[1]);
}

static int try_texts(struct trial *t, const struct profile_column *a, const struct profile_column *b,
		     struct mlops_error *err)
{
	const uint64_t n[2] = { t->out->rows[0], t->out->rows[1] };
	struct tally tally = { 0 };

	fill_tally(&tally, &a->values, &b->values, n);
	int rc = trial_texts(t, &tally, err);
	tally_clear(&tally);
	return rc;
}

static bool is_number(const struct profile_column *c)
{
	return !c->kinds[PROFILE_TEXT] && !c->kinds[PROFILE_BOOLEAN];
}

/* Rows without a value; infinities are none where numbers are compared. */
static uint64_t unusable(const struct profile_column *c, bool as_numbers)
{
	return c->missing + (as_numbers ? c->infinite : 0);
}

static int try_column(struct trial *t, const struct sides *s, const struct profile_column *a,
		      struct mlops_error *err)
{
	const struct profile_column *b = map_get(&s->profile[1]->index, a->name);
	uint64_t rows[2] = { s->profile[0]->rows, s->profile[1]->rows };
	int rc = 0;

	trial_start(t, a->name);
	trial_rows(t, 0, rows[0], unusable(a, is_number(a)));
	trial_rows(t, 1, rows[1], b ? unusable(b, is_number(a)) : rows[1]);
	if (b)
		rc = is_number(a) ? try_numbers(t, a, b, err) : try_texts(t, a, b, err);
	trial_clear(t);
	return rc;
}

static int load_side(const char *path, const struct mlops_table_opts *opts, struct profile **out,
		     struct mlops_error *err)
{
	return mlops_is_profile(path) ? mlops_profile_load(path, out, err) :
				       mlops_profile_table(path, opts, out, err);
}

static int check(const struct sides *s, const char *const paths[2], const struct mlops_table_opts *opts,
		 struct mlops_error *err)
{
	for (int i = 0; i < 2; i++)
		if (!s->profile[i]->rows)
			return err_set(err, MLOPS_EINVALID, "'%s' has no rows", paths[i]);
	for (size_t i = 0; i < opts->n_columns; i++)
		if (!map_get(&s->profile[0]->index, opts->columns[i]))
			return table_no_column(paths[0], opts->columns[i], err);
	return 0;
}

int drift_profiles(const char *const paths[2], const struct mlops_drift_opts *opts,
		   const struct drift_test *wanted, struct drift_report *report,
		   struct mlops_error *err)
{
	__attribute__((cleanup(sides_clear))) struct sides s = { 0 };
	size_t n = 0;

	for (int i = 0; i < 2; i++)
		if (load_side(paths[i], &opts->table, &s.profile[i], err))
			return -1;
	if (check(&s, paths, &opts->table, err))
		return -1;
	const uint64_t rows[2] = { s.profile[0]->rows, s.profile[1]->rows };
	drift_report_rows(report, rows, s.profile[0]->n_columns);
	for (size_t i = 0; i < s.profile[0]->n_columns; i++) {
		const struct profile_column *a = s.profile[0]->columns[i];
		struct trial t = { .opts = opts, .wanted = wanted, .out = &report->columns[n] };

		if (!table_wants(&opts->table, a->name))
			continue;
		if (try_column(&t, &s, a, err))
			return err_wrap(err, "cannot compare column '%s'", a->name);
		n++;
	}
	report->n_columns = n;
	return 0;
}
