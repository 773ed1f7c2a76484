/* Metrics: all points in table metrics, the latest of each key in latest_metrics. NaN is NULL. */
#include "tracking/private.h"

#include <math.h>

#include "base/clock.h"
#include "base/vec.h"

struct points {
	const char *run_id;
	const struct run_metric *v;
	size_t n;
};

/* The row comparison takes NULL as the least value, so that any number beats NaN. */
static int add_point(struct db *db, int64_t run, const struct run_metric *m, struct mlops_error *err)
{
	int64_t timestamp_ms = m->timestamp_ms ? m->timestamp_ms : clock_now_ms();

	if (db_change(db, err,
		      "INSERT OR IGNORE INTO metrics (run_id, key, step, timestamp_ms, value)"
		      " VALUES (?, ?, ?, ?, ?)",
		      "isiid", run, m->key, m->step, timestamp_ms, m->value))
		return -1;
	return db_change(db, err,
			 "INSERT INTO latest_metrics AS old (run_id, key, step, timestamp_ms, value)"
			 " VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id, key) DO UPDATE SET"
			 " step = excluded.step, timestamp_ms = excluded.timestamp_ms,"
			 " value = excluded.value"
			 " WHERE (excluded.step, excluded.timestamp_ms, excluded.value IS NOT NULL,"
			 "        excluded.value)"
			 "     > (old.step, old.timestamp_ms, old.value IS NOT NULL, old.value)",
			 "isiid", run, m->key, m->step, timestamp_ms, m->value);
}

static int add_points(struct db *db, void *arg, struct mlops_error *err)
{
	const struct points *p = arg;
	int64_t run;

	if (run_row(db, p->run_id, &run, err))
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (add_point(db, run, &p->v[i], err))
			return -1;
	return 0;
}

int mlops_run_log_metrics(struct project *project, const char *id, const struct run_metric *metrics,
			  size_t n, struct mlops_error *err)
{
	struct points p = { id, metrics, n };
	struct db *db;

	for (size_t i = 0; i < n; i++)
		if (key_check("name of a metric", metrics[i].key, err))
			return -1;
	if (project_db(project, &db, err))
		return -1;
	return db_transaction(db, add_points, &p, err);
}

/* Ends a query for key, step, timestamp_ms, value. */
static int collect(struct db_stmt *stmt, struct run_metric **out, size_t *n, struct mlops_error *err)
{
	VEC(struct run_metric) list = { 0 };
	int rc;

	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, { .key = db_text_dup(stmt, 0), .step = db_int(stmt, 1),
				  .timestamp_ms = db_int(stmt, 2),
				  .value = db_is_null(stmt, 3) ? NAN : db_num(stmt, 3) });
	if (rc) {
		mlops_metrics_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

int run_load_metrics(struct db *db, int64_t row, struct run_metric **out, size_t *n,
		     struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_query(db, &stmt, err,
		     "SELECT key, step, timestamp_ms, value FROM latest_metrics"
		     " WHERE run_id = ? ORDER BY key", "i", row))
		return -1;
	return collect(stmt, out, n, err);
}

int mlops_run_history(struct project *project, const char *id, const char *key,
		      struct run_metric **out, size_t *n, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct db *db;
	int64_t run;

	if (project_db(project, &db, err) || run_row(db, id, &run, err) ||
	    db_query(db, &stmt, err,
		     "SELECT key, step, timestamp_ms, value FROM metrics"
		     " WHERE run_id = ? AND key = ? ORDER BY step, timestamp_ms, value",
		     "is", run, key))
		return -1;
	return collect(stmt, out, n, err);
}

void mlops_metrics_free(struct run_metric *metrics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(metrics[i].key);
	free(metrics);
}
