/* Reading the history of a metric: what lies in blocks and what is loose, as one sorted list. */
#include "tracking/point.h"

#include <math.h>

#include "base/vec.h"

struct reading {
	const struct history_query *q;
	int (*compare)(const void *a, const void *b);
	struct point_list *out;
	size_t base; /* of *out before this reading */
};

static bool is_wanted(const struct reading *r, const struct point *p)
{
	return p->step >= r->q->first_step && p->step <= r->q->last_step &&
	       (!r->q->after || r->compare(p, r->q->after) > 0);
}

/* Sorts what there is, and keeps one more than is asked for at most. */
static void cut(struct reading *r)
{
	size_t n = r->out->n - r->base;

	if (n > 1)
		qsort(r->out->v + r->base, n, sizeof(*r->out->v), r->compare);
	if (n > r->q->limit)
		r->out->n = r->base + r->q->limit;
}

static int add_block(struct reading *r, struct db_stmt *stmt, struct mlops_error *err)
{
	size_t size, from = r->out->n, to = from;
	const void *data = db_blob(stmt, 1, &size);

	if (block_decode(data, size, db_int(stmt, 0), r->out, err))
		return -1;
	for (size_t i = from; i < r->out->n; i++)
		if (is_wanted(r, &r->out->v[i]))
			r->out->v[to++] = r->out->v[i];
	r->out->n = to;
	return 0;
}

/*
 * Blocks come in the order of their first points. Once as many points as are asked for lie before
 * the first of a block, neither it nor any later one can matter.
 */
static bool is_enough(struct reading *r, int64_t first)
{
	if (r->out->n - r->base < r->q->limit || !r->q->limit)
		return false;
	cut(r);
	const struct point *last = &r->out->v[r->out->n - 1];
	return (r->q->order == HISTORY_BY_TIME ? last->timestamp_ms : last->step) < first;
}

static int read_blocks(struct db *db, struct reading *r, int64_t run, const char *key,
		       struct mlops_error *err)
{
	const struct history_query *q = r->q;
	const char *sql = q->order == HISTORY_BY_TIME ?
		"SELECT points, data, first_ms FROM metric_blocks WHERE run_id = ? AND key = ?"
		" AND last_step >= ? AND first_step <= ? AND last_ms >= ? ORDER BY first_ms" :
		"SELECT points, data, first_step FROM metric_blocks WHERE run_id = ? AND key = ?"
		" AND last_step >= ? AND first_step <= ? AND last_step >= ? ORDER BY first_step";
	int64_t from = !q->after	     ? INT64_MIN :
		       q->order == HISTORY_BY_TIME ? q->after->timestamp_ms :
						     q->after->step;
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, sql, "isiii", run, key, q->first_step, q->last_step, from))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		bool enough = is_enough(r, db_int(stmt, 2));

		if (!enough && !add_block(r, stmt, err))
			continue;
		db_done(stmt);
		return enough ? 0 : -1;
	}
	return rc;
}

/* There are few, so they are all read. */
static int read_loose(struct db *db, struct reading *r, int64_t run, const char *key,
		      struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT step, timestamp_ms, value, is_nan FROM metric_points"
		     " WHERE run_id = ? AND key = ? AND step >= ? AND step <= ?",
		     "isii", run, key, r->q->first_step, r->q->last_step))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct point p = { db_int(stmt, 0), db_int(stmt, 1),
				   db_int(stmt, 3) ? NAN : db_num(stmt, 2) };

		if (is_wanted(r, &p))
			vec_push(r->out, p);
	}
	return rc;
}

int history_read(struct db *db, int64_t run, const char *key, const struct history_query *q,
		 struct point_list *out, struct mlops_error *err)
{
	struct reading r = { q, q->order == HISTORY_BY_TIME ? point_compare_time : point_compare,
			     out, out->n };

	if (read_loose(db, &r, run, key, err) || read_blocks(db, &r, run, key, err))
		return -1;
	cut(&r);
	return 0;
}
