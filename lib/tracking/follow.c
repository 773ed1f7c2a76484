/* The points that a run has logged since one looked last. */
#include "base/map.h"
#include "tracking/point.h"
#include "tracking/private.h"

/* What was seen of one metric; a new point changes one of the counts. */
struct seen {
	bool any, changed;
	struct point last; /* by time */
	int64_t loose, blocks;
};

struct run_follow {
	struct map keys; /* -> struct seen */
};

struct news {
	struct run_metric *v;
	size_t n, cap;
};

struct run_follow *mlops_run_follow_new(void)
{
	return xcalloc(1, sizeof(struct run_follow));
}

void mlops_run_follow_free(struct run_follow *follow)
{
	if (!follow)
		return;
	map_clear_values(&follow->keys, free);
	free(follow);
}

static struct seen *seen_of(struct run_follow *f, const char *key)
{
	struct seen *s = map_get(&f->keys, key);

	if (!s) {
		s = xcalloc(1, sizeof(*s));
		map_put(&f->keys, key, s);
	}
	return s;
}

static int read_new(struct db *db, int64_t run, char *key, struct seen *s, struct news *news,
		    struct mlops_error *err)
{
	struct history_query q = HISTORY_ALL;
	struct point_list list = { 0 };

	q.order = HISTORY_BY_TIME;
	q.after = s->any ? &s->last : NULL;
	int rc = history_read(db, run, key, &q, &list, err);
	for (size_t i = 0; !rc && i < list.n; i++)
		vec_push(news, { key, list.v[i].value, list.v[i].timestamp_ms, list.v[i].step });
	if (!rc && list.n) {
		s->last = list.v[list.n - 1];
		s->any = true;
	}
	vec_free(&list);
	return rc;
}

struct look {
	struct run_follow *follow;
	int64_t run;
	struct news news;
};

static int find_changed(struct db *db, struct look *l, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT key, loose, blocks FROM latest_metrics WHERE run_id = ?", "i", l->run))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct seen *s = seen_of(l->follow, db_text(stmt, 0));
		int64_t loose = db_int(stmt, 1), blocks = db_int(stmt, 2);

		s->changed = !s->any || s->loose != loose || s->blocks != blocks;
		s->loose = loose;
		s->blocks = blocks;
	}
	return rc;
}

static int look(struct db *db, void *arg, struct mlops_error *err)
{
	struct look *l = arg;
	struct map *keys = &l->follow->keys;

	if (find_changed(db, l, err))
		return -1;
	for (size_t i = 0; i < keys->n; i++) {
		struct seen *s = keys->v[i].value;

		if (s->changed && read_new(db, l->run, keys->v[i].key, s, &l->news, err))
			return -1;
		s->changed = false;
	}
	return 0;
}

static int by_time(const void *pa, const void *pb)
{
	const struct run_metric *a = pa, *b = pb;
	int rc = (a->timestamp_ms > b->timestamp_ms) - (a->timestamp_ms < b->timestamp_ms);

	if (!rc)
		rc = (a->step > b->step) - (a->step < b->step);
	return rc ? rc : strcmp(a->key, b->key);
}

int mlops_run_follow_read(struct project *project, const char *id, struct run_follow *follow,
			  struct run_metric **out, size_t *n, struct mlops_error *err)
{
	struct look l = { .follow = follow };
	struct db *db;

	if (project_db(project, &db, err) || run_row(db, id, &l.run, err) ||
	    db_snapshot(db, look, &l, err)) {
		vec_free(&l.news);
		return -1;
	}
	vec_sort(&l.news, by_time);
	*out = l.news.v;
	*n = l.news.n;
	return 0;
}
