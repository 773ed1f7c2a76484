/* What the database knows of the trials of a search, as the estimator wants it. */
#include "pipeline/search/private.h"
#include "pipeline/search/tpe.h"

struct history {
	const struct spaces *spaces;
	VEC(struct tpe_trial) trials;
};

static void history_clear(struct history *h)
{
	for (size_t i = 0; i < h->trials.n; i++)
		free((double *)h->trials.v[i].places);
	vec_free(&h->trials);
}

static int add_trial(struct history *h, const char *params, double loss, struct mlops_error *err)
{
	struct run_pair *pairs = NULL;
	size_t n = 0;

	if (pairs_parse(params, &pairs, &n, err))
		return -1;
	double *places = xcalloc(h->spaces->n, sizeof(*places));
	for (size_t i = 0; i < h->spaces->n; i++)
		if (i >= n || !space_place(&h->spaces->v[i], pairs[i].value, &places[i]))
			places[i] = NAN;
	pairs_free(pairs, n);
	vec_push(&h->trials, { places, loss });
	return 0;
}

/* One that was pruned is bad, whatever it had; of one that failed nothing is known. */
static int load(struct db *db, const struct search *search, int64_t row, struct history *h,
		struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT params, status, value FROM trials AS t"
		     " LEFT JOIN latest_metrics AS m ON m.run_id = t.run_id AND m.key = ?"
		     " WHERE search_id = ? AND (status = 4 OR (status = 2 AND value IS NOT NULL))"
		     " ORDER BY number",
		     "si", search->metric, row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		double value = db_num(stmt, 2);
		bool pruned = db_int(stmt, 1) == TRIAL_PRUNED;
		double loss = pruned ? INFINITY : search->maximize ? -value : value;

		if (add_trial(h, db_text(stmt, 0), loss, err)) {
			db_done(stmt);
			return -1;
		}
	}
	return rc;
}

int suggest_params(struct db *db, const struct search *search, int64_t row, int64_t number,
		   struct run_pair **out, struct mlops_error *err)
{
	autospaces spaces = { 0 };
	struct rng rng = rng_of(search->seed, (uint64_t)number);

	if (search_spaces(search, &spaces, err))
		return -1;
	__attribute__((cleanup(history_clear))) struct history h = { .spaces = &spaces };
	if (load(db, search, row, &h, err))
		return -1;
	autofree double *places = xcalloc(spaces.n, sizeof(*places));
	tpe_suggest(&spaces, h.trials.v, h.trials.n, &rng, places);
	struct run_pair *pairs = xcalloc(spaces.n, sizeof(*pairs));
	for (size_t i = 0; i < spaces.n; i++) {
		pairs[i].key = xstrdup(spaces.v[i].key);
		pairs[i].value = space_value(&spaces.v[i], places[i]);
	}
	*out = pairs;
	return 0;
}
