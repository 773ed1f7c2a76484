/*
 * Reading an SQLite database of MLflow (mlflow.store.tracking.dbmodels of 2.x and 3.x): tables experiments,
 * runs, params, tags and metrics. It is read in one state, and not changed.
 */
#include "tracking/taking.h"

#include <float.h>
#include <math.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "tracking/import.h"
#include "tracking/private.h"

#define POINTS_ONCE	  10000
#define ARTIFACTS_DEFAULT "mlartifacts" /* beside the database, where `mlflow server` puts them */
#define PROXIED		  "mlflow-artifacts:"

struct source {
	struct db *db, *from; /* the project's, and MLflow's */
	struct store *store;
	const char *file;
	char *near, *proxied; /* where its artifacts may lie; whole paths */
	size_t elsewhere;     /* runs whose artifacts do not */
	struct runs_imported *out;
};

/* ---- values ---- */

static int each_pair(struct taking *t, const char *sql,
		     int (*take)(const struct taking *t, const char *place, const char *key, const char *value,
				 struct mlops_error *err),
		     struct mlops_error *err)
{
	const struct source *s = t->arg;
	struct db_stmt *stmt;
	int rc;

	if (db_query(s->from, &stmt, err, sql, "s", t->id))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		const char *key = db_text(stmt, 0) ? db_text(stmt, 0) : "";
		const char *value = db_text(stmt, 1) ? db_text(stmt, 1) : "";
		autofree char *place = xasprintf("%s of run %s", key, t->id);

		if (take(t, place, key, value, err)) {
			db_done(stmt);
			return -1;
		}
	}
	return rc;
}

/* What the database cannot hold it has as the largest number, and as 0 with a note. */
static double value_of(struct db_stmt *stmt)
{
	double v = db_num(stmt, 1);

	if (db_int(stmt, 4))
		return NAN;
	return fabs(v) >= DBL_MAX ? copysign(INFINITY, v) : v;
}

typedef VEC(struct run_metric) points_vec;

static void clear_points(points_vec *points)
{
	for (size_t i = 0; i < points->n; i++)
		free(points->v[i].key);
	points->n = 0;
}

static int add_points(struct taking *t, struct db_stmt *stmt, points_vec *points, struct mlops_error *err)
{
	int rc;

	do {
		rc = db_step(stmt, err);
		if (rc > 0 && key_check("name of a metric", db_text(stmt, 0) ? db_text(stmt, 0) : "", err))
			return db_done(stmt), -1;
		if (rc > 0)
			vec_push(points, { .key = db_text_dup(stmt, 0),
					   .value = value_of(stmt),
					   .timestamp_ms = db_int(stmt, 2),
					   .step = db_int(stmt, 3) });
		if (points->n && (!rc || points->n == POINTS_ONCE)) {
			if (run_add_metrics(t->db, t->key.row, points->v, points->n, err)) {
				if (rc > 0)
					db_done(stmt);
				return -1;
			}
			clear_points(points);
		}
	} while (rc > 0);
	return rc;
}

static int add_metrics(struct taking *t, struct mlops_error *err)
{
	const struct source *s = t->arg;
	points_vec points = { 0 };
	struct db_stmt *stmt;

	if (db_query(s->from, &stmt, err,
		     "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ?"
		     " ORDER BY key, step, timestamp",
		     "s", t->id))
		return -1;
	int rc = add_points(t, stmt, &points, err);
	clear_points(&points);
	vec_free(&points);
	return rc;
}

static int add_values(struct taking *t, struct mlops_error *err)
{
	return each_pair(t, "SELECT key, value FROM params WHERE run_uuid = ?", take_param, err) ||
			       each_pair(t, "SELECT key, value FROM tags WHERE run_uuid = ?", take_tag, err) ||
			       add_metrics(t, err) ?
		       -1 :
		       0;
}

/* ---- artifacts ---- */

/* The path that a URI of artifacts stands for; new, or NULL: it is none of this machine. */
static char *path_of(const struct source *s, const char *uri)
{
	if (str_starts(uri, PROXIED)) {
		uri += strlen(PROXIED);
		return fs_is_dir(s->proxied) ? path_join(s->proxied, uri + strspn(uri, "/")) : NULL;
	}
	if (str_starts(uri, "file://"))
		return xstrdup(uri + strlen("file://"));
	if (strstr(uri, "://"))
		return NULL;
	return *uri == '/' ? xstrdup(uri) : path_join(s->near, uri);
}

/* The folder of a run's artifacts: new, or NULL when it has none. False: it is not where they may lie. */
static bool find_folder(const struct source *s, const char *uri, char **out)
{
	autofree char *named = uri ? path_of(s, uri) : NULL, *real = NULL;
	autoerr none = ERR_INIT;

	if (!named)
		return !uri;
	if (fs_realpath(named, &real, &none))
		return true;
	if (!path_is_below(real, s->near) && !path_is_below(real, s->proxied))
		return false;
	*out = steal_ptr(&real);
	return true;
}

/* ---- runs ---- */

static enum run_status status_of(const char *name)
{
	static const enum run_status all[] = { RUN_RUNNING, RUN_FINISHED, RUN_FAILED, RUN_SCHEDULED };

	for (size_t i = 0; name && i < ARRAY_LEN(all); i++)
		if (!strcmp(name, mlops_run_status_name(all[i])))
			return all[i];
	return RUN_KILLED;
}

static bool is_deleted(struct db_stmt *stmt, int column)
{
	const char *stage = db_text(stmt, column);

	return stage && !strcmp(stage, "deleted");
}

struct experiment_rows {
	struct source *source;
	int64_t id; /* here */
};

static int import_run(const struct experiment_rows *e, struct db_stmt *stmt, struct mlops_error *err)
{
	struct source *s = e->source;
	const char *id = db_text(stmt, 0);
	autofree char *folder = NULL;
	bool found = find_folder(s, db_text(stmt, 7), &folder);
	struct taking t = { .db = s->db,
			    .store = s->store,
			    .out = s->out,
			    .id = id ? id : "",
			    .name = db_text(stmt, 1),
			    .user = db_text(stmt, 2) ? db_text(stmt, 2) : "",
			    .experiment = e->id,
			    .status = status_of(db_text(stmt, 3)),
			    .start_ms = db_int(stmt, 4),
			    .end_ms = db_int(stmt, 5),
			    .deleted = is_deleted(stmt, 6),
			    .artifacts = folder,
			    .add_values = add_values,
			    .arg = s };

	if (!is_run_id(t.id)) {
		log_warn("a run is left out: '%s' is no id of one", t.id);
		return 0;
	}
	s->elsewhere += !found;
	return take_or_warn(t.id, run_take(&t, err), err);
}

static int import_runs(const struct experiment_rows *e, int64_t theirs, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(e->source->from, &stmt, err,
		     "SELECT run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri"
		     " FROM runs WHERE experiment_id = ? ORDER BY start_time",
		     "i", theirs))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		if (import_run(e, stmt, err))
			return db_done(stmt), -1;
	return rc;
}

static int import_experiments(struct db *from, void *arg, struct mlops_error *err)
{
	struct source *s = arg;
	struct db_stmt *stmt;
	int rc;

	if (db_query(from, &stmt, err, "SELECT experiment_id, name, lifecycle_stage FROM experiments ORDER BY 1", ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct experiment_rows e = { .source = s };
		const char *name = db_text(stmt, 1) ? db_text(stmt, 1) : "";

		if (experiment_take(s->db, name, is_deleted(stmt, 2), &e.id, err)) {
			if (take_or_warn(name, -1, err))
				return db_done(stmt), -1;
		} else if (import_runs(&e, db_int(stmt, 0), err)) {
			return db_done(stmt), -1;
		}
	}
	return rc;
}

/* ---- the database ---- */

static int check_tables(const struct source *s, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(s->from, &stmt, err,
			"SELECT count(*) FROM sqlite_master WHERE type = 'table'"
			" AND name IN ('experiments', 'runs', 'params', 'tags', 'metrics', 'alembic_version')",
			"");

	if (rc <= 0)
		return -1;
	bool all = db_int(stmt, 0) == 6;
	db_done(stmt);
	return all ? 0 : err_set(err, MLOPS_EINVALID, "'%s' is no database of MLflow", s->file);
}

static int open_source(struct source *s, const char *artifacts, struct mlops_error *err)
{
	autofree char *file = NULL;

	if (fs_realpath(s->file, &file, err))
		return -1;
	s->near = path_dir(file);
	if (artifacts ? fs_realpath(artifacts, &s->proxied, err) :
			!(s->proxied = path_join(s->near, ARTIFACTS_DEFAULT)))
		return -1;
	return db_open_to_read(file, &s->from, err) || check_tables(s, err) ? -1 : 0;
}

int import_mlflow_database(struct db *db, struct store *store, const char *file, const char *artifacts,
			   struct runs_imported *out, struct mlops_error *err)
{
	struct source s = { .db = db, .store = store, .file = file, .out = out };
	int rc = open_source(&s, artifacts, err) || db_snapshot(s.from, import_experiments, &s, err) ? -1 : 0;

	if (!rc && s.elsewhere)
		log_warn("the artifacts of %zu runs are left out: they are not in '%s' or '%s'; --artifacts says where",
			 s.elsewhere, s.near, s.proxied);
	db_free(s.from);
	free(s.near);
	free(s.proxied);
	return rc;
}
