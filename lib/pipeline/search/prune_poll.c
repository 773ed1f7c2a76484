/* Reading what trials logged, for the rules in prune.c. */
#include "pipeline/search/private.h"
#include "pipeline/search/prune.h"

struct curves {
	struct curve *v;
	size_t n, cap;
};

static void curves_clear(struct curves *list)
{
	for (size_t i = 0; i < list->n; i++)
		mlops_metrics_free(list->v[i].points, list->v[i].n);
	vec_free(list);
}

static int add_curve(struct project *project, const char *run_id, const char *metric, bool finished,
		     struct curves *list, struct mlops_error *err)
{
	struct curve c = { .finished = finished };

	if (mlops_run_history(project, run_id, metric, &c.points, &c.n, err))
		return -1;
	vec_push(list, c);
	return 0;
}

static int load_others(struct project *project, struct db *db, const struct search *search,
		       const struct trial_key *key, struct curves *list, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT uuid, trials.status FROM trials JOIN runs ON runs.id = run_id"
		     " WHERE search_id = ? AND number != ?",
		     "ii", key->search, key->number))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		if (add_curve(project, db_text(stmt, 0), search->metric,
			      db_int(stmt, 1) == TRIAL_DONE, list, err)) {
			db_done(stmt);
			return -1;
		}
	return rc;
}

/* The id of its run, or NULL before it has one; new. */
static int find_run(struct db *db, const struct trial_key *key, char **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid FROM trials JOIN runs ON runs.id = run_id"
			" WHERE search_id = ? AND number = ?",
			"ii", key->search, key->number);

	if (rc <= 0)
		return rc;
	*out = db_text_dup(stmt, 0);
	db_done(stmt);
	return 0;
}

int prune_poll(struct project *project, const struct search *search, const struct trial_key *key,
	       size_t *seen, bool *stop, struct mlops_error *err)
{
	__attribute__((cleanup(curves_clear))) struct curves own = { 0 }, others = { 0 };
	autofree char *id = NULL;
	struct db *db;

	*stop = false;
	if (project_db(project, &db, err) || find_run(db, key, &id, err))
		return -1;
	if (!id)
		return 0;
	if (add_curve(project, id, search->metric, false, &own, err))
		return -1;
	if (own.v[0].n == *seen)
		return 0;
	*seen = own.v[0].n;
	if (load_others(project, db, search, key, &others, err))
		return -1;
	*stop = prune_now(search->pruner, &own.v[0], others.v, others.n, search->maximize);
	return 0;
}
