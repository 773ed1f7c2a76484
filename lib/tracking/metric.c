/*
 * Metrics: the history in metric_points and metric_blocks, the latest point of each key in
 * latest_metrics, where NaN is NULL.
 */
#include "tracking/private.h"

#include <math.h>

#include "base/clock.h"
#include "base/vec.h"
#include "tracking/point.h"

#define BLOCK_POINTS 512 /* loose points that become a block */

/* What latest_metrics says of one metric of one run. */
struct series {
	int64_t run;
	const char *key;
	bool exists;    /* as a row */
	bool has_point; /* in `latest` */
	struct point latest;
	int64_t loose, blocks;
};

static int series_load(struct db *db, struct series *s, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT step, timestamp_ms, value, loose, blocks FROM latest_metrics"
			" WHERE run_id = ? AND key = ?", "is", s->run, s->key);

	if (rc <= 0)
		return rc;
	s->exists = s->has_point = true;
	s->latest = (struct point){ db_int(stmt, 0), db_int(stmt, 1),
				    db_is_null(stmt, 2) ? NAN : db_num(stmt, 2) };
	s->loose = db_int(stmt, 3);
	s->blocks = db_int(stmt, 4);
	db_done(stmt);
	return 0;
}

static int series_save(struct db *db, const struct series *s, struct mlops_error *err)
{
	return db_change(db, err,
			 s->exists ? "UPDATE latest_metrics SET step = ?, timestamp_ms = ?, value = ?,"
				     " loose = ?, blocks = ? WHERE run_id = ? AND key = ?" :
				     "INSERT INTO latest_metrics (step, timestamp_ms, value, loose,"
				     " blocks, run_id, key) VALUES (?, ?, ?, ?, ?, ?, ?)",
			 "iidiiis", s->latest.step, s->latest.timestamp_ms, s->latest.value, s->loose,
			 s->blocks, s->run, s->key);
}

/* Any number beats NaN. */
static bool is_later(const struct point *a, const struct point *b)
{
	if (a->step != b->step)
		return a->step > b->step;
	if (a->timestamp_ms != b->timestamp_ms)
		return a->timestamp_ms > b->timestamp_ms;
	return isnan(b->value) ? !isnan(a->value) : a->value > b->value;
}

/* Whether the point lies in a block; one that is later than all others can't. */
static int is_packed(struct db *db, const struct series *s, const struct point *p, bool *out,
		     struct mlops_error *err)
{
	struct history_query q = { .first_step = p->step, .last_step = p->step, .limit = SIZE_MAX };
	struct point_list list = { 0 };

	*out = false;
	if (!s->blocks || is_later(p, &s->latest))
		return 0;
	int rc = history_read(db, s->run, s->key, &q, &list, err);
	*out = !rc && list.n && bsearch(p, list.v, list.n, sizeof(*p), point_compare);
	vec_free(&list);
	return rc;
}

static int block_insert(struct db *db, struct series *s, const struct point_list *list,
			struct mlops_error *err)
{
	int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
	autobuf data = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		int64_t ms = list->v[i].timestamp_ms;

		first_ms = ms < first_ms ? ms : first_ms;
		last_ms = ms > last_ms ? ms : last_ms;
	}
	block_encode(list->v, list->n, &data);
	return db_change(db, err,
			 "INSERT INTO metric_blocks (run_id, key, number, first_step, last_step,"
			 " first_ms, last_ms, points, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "isiiiiiib", s->run, s->key, s->blocks, list->v[0].step,
			 list->v[list->n - 1].step, first_ms, last_ms, (int64_t)list->n, data.buf,
			 data.len);
}

/* The primary key has them in the order of point_compare(). */
static int loose_read(struct db *db, const struct series *s, struct point_list *out,
		      struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT step, timestamp_ms, value, is_nan FROM metric_points"
		     " WHERE run_id = ? AND key = ? ORDER BY step, timestamp_ms, value, is_nan",
		     "is", s->run, s->key))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(out, { db_int(stmt, 0), db_int(stmt, 1),
				db_int(stmt, 3) ? NAN : db_num(stmt, 2) });
	return rc;
}

static int pack(struct db *db, struct series *s, struct mlops_error *err)
{
	struct point_list list = { 0 };
	int rc = loose_read(db, s, &list, err);

	if (!rc && list.n)
		rc = block_insert(db, s, &list, err) ||
				     db_change(db, err,
					       "DELETE FROM metric_points WHERE run_id = ? AND key = ?",
					       "is", s->run, s->key) ?
			     -1 :
			     0;
	vec_free(&list);
	s->blocks++;
	s->loose = 0;
	return rc;
}

static int add_point(struct db *db, struct series *s, const struct point *p, struct mlops_error *err)
{
	bool is_nan = isnan(p->value), packed;

	if (is_packed(db, s, p, &packed, err))
		return -1;
	if (packed)
		return 0;
	if (db_change(db, err,
		      "INSERT OR IGNORE INTO metric_points (run_id, key, step, timestamp_ms, value,"
		      " is_nan) VALUES (?, ?, ?, ?, ?, ?)",
		      "isiidi", s->run, s->key, p->step, p->timestamp_ms, is_nan ? 0 : p->value,
		      (int64_t)is_nan))
		return -1;
	s->loose += db_changes(db);
	if (!s->has_point || is_later(p, &s->latest))
		s->latest = *p;
	s->has_point = true;
	return s->loose < BLOCK_POINTS ? 0 : pack(db, s, err);
}

/* Points of one key, so that its row is read and written once. */
static int add_series(struct db *db, int64_t run, const struct run_metric *const *points, size_t n,
		      struct mlops_error *err)
{
	struct series s = { .run = run, .key = points[0]->key };

	if (series_load(db, &s, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct point p = { points[i]->step, points[i]->timestamp_ms, points[i]->value };

		if (!p.timestamp_ms)
			p.timestamp_ms = clock_now_ms();
		if (add_point(db, &s, &p, err))
			return -1;
	}
	return series_save(db, &s, err);
}

static int by_key(const void *a, const void *b)
{
	const struct run_metric *const *x = a, *const *y = b;
	int rc = strcmp((*x)->key, (*y)->key);

	return rc ? rc : (*x > *y) - (*x < *y);
}

int run_add_metrics(struct db *db, int64_t run, const struct run_metric *metrics, size_t n,
		    struct mlops_error *err)
{
	VEC(const struct run_metric *) sorted = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		vec_push(&sorted, &metrics[i]);
	vec_sort(&sorted, by_key);
	for (size_t i = 0, end; i < n && !rc; i = end) {
		for (end = i + 1; end < n && !strcmp(sorted.v[end]->key, sorted.v[i]->key);)
			end++;
		rc = add_series(db, run, sorted.v + i, end - i, err);
	}
	vec_free(&sorted);
	return rc;
}

struct points {
	const char *run_id;
	const struct run_metric *v;
	size_t n;
};

static int add_points(struct db *db, void *arg, struct mlops_error *err)
{
	const struct points *p = arg;
	int64_t run;

	return run_row(db, p->run_id, &run, err) || run_add_metrics(db, run, p->v, p->n, err) ? -1 : 0;
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

int run_copy_metrics(struct db *db, int64_t to, int64_t from, struct mlops_error *err)
{
	static const char *const copies[] = {
		"INSERT INTO metric_points (run_id, key, step, timestamp_ms, value, is_nan)"
		" SELECT ?1, key, step, timestamp_ms, value, is_nan FROM metric_points"
		" WHERE run_id = ?2 AND key NOT IN (SELECT key FROM latest_metrics WHERE run_id = ?1)",
		"INSERT INTO metric_blocks (run_id, key, number, first_step, last_step, first_ms,"
		" last_ms, points, data) SELECT ?1, key, number, first_step, last_step, first_ms,"
		" last_ms, points, data FROM metric_blocks"
		" WHERE run_id = ?2 AND key NOT IN (SELECT key FROM latest_metrics WHERE run_id = ?1)",
		"INSERT OR IGNORE INTO latest_metrics (run_id, key, step, timestamp_ms, value, loose,"
		" blocks) SELECT ?1, key, step, timestamp_ms, value, loose, blocks FROM latest_metrics"
		" WHERE run_id = ?2",
	};

	for (size_t i = 0; i < ARRAY_LEN(copies); i++)
		if (db_change(db, err, copies[i], "ii", to, from))
			return -1;
	return 0;
}

int run_load_metrics(struct db *db, int64_t row, struct run_metric **out, size_t *n,
		     struct mlops_error *err)
{
	VEC(struct run_metric) list = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT key, step, timestamp_ms, value FROM latest_metrics"
		     " WHERE run_id = ? ORDER BY key", "i", row))
		return -1;
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

int mlops_run_history(struct project *project, const char *id, const char *key,
		      struct run_metric **out, size_t *n, struct mlops_error *err)
{
	struct history_query q = HISTORY_ALL;
	struct point_list list = { 0 };
	struct db *db;
	int64_t run;

	if (project_db(project, &db, err) || run_row(db, id, &run, err))
		return -1;
	int rc = history_read(db, run, key, &q, &list, err);
	if (!rc) {
		*out = xcalloc(list.n, sizeof(**out));
		*n = list.n;
		for (size_t i = 0; i < list.n; i++)
			(*out)[i] = (struct run_metric){ xstrdup(key), list.v[i].value,
							 list.v[i].timestamp_ms, list.v[i].step };
	}
	vec_free(&list);
	return rc;
}

void mlops_metrics_free(struct run_metric *metrics, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(metrics[i].key);
	free(metrics);
}
