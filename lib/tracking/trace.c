/* Traces: what a client says of one. */
#include "tracking/trace.h"

#include <ctype.h>

#include "tracking/artifact.h"

#define NAME_LOCATION "mlflow.artifactLocation"
#define MAX_ID	      64

bool trace_owns_tag(const char *key)
{
	static const char *const own[] = { NAME_LOCATION, "mlflow.trace.spansLocation",
					   "mlflow.trace.archiveLocation" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (!strcmp(key, own[i]))
			return true;
	return false;
}

int trace_set_tag(struct db *db, int64_t row, const char *key, const char *value,
		  struct mlops_error *err)
{
	return db_change(db, err, "INSERT OR REPLACE INTO trace_tags (trace_id, key, value)"
			 " VALUES (?, ?, ?)", "iss", row, key, value);
}

int trace_set_metadata(struct db *db, int64_t row, const char *key, const char *value,
		       struct mlops_error *err)
{
	return db_change(db, err, "INSERT OR REPLACE INTO trace_metadata (trace_id, key, value)"
			 " VALUES (?, ?, ?)", "iss", row, key, value);
}

int trace_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err)
{
	if (db_change(db, err, "DELETE FROM trace_tags WHERE trace_id = ? AND key = ?", "is", row, key))
		return -1;
	return db_changes(db) ? 0 : err_set(err, MLOPS_ENOTFOUND, "No trace tag with key '%.250s'", key);
}

/* A name in paths of files, so that of one trace's files none are another's. */
static int check_id(const char *id, struct mlops_error *err)
{
	size_t n = strlen(id);

	for (const char *c = id; *c; c++)
		if (!isalnum((unsigned char)*c) && (!strchr("-_.:", *c) || c == id))
			n = 0;
	return n && n <= MAX_ID ? 0 :
				  err_set(err, MLOPS_EINVALID,
					  "Invalid trace ID '%.100s': it may have %d letters, digits, '-', '_',"
					  " '.' and ':'", id, MAX_ID);
}

int trace_find(struct db *db, const char *id, int64_t *row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM traces WHERE uuid = ?", "s", id);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "Trace with ID '%.100s' not found.", id);
	*row = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

int trace_put_location(struct db *db, int64_t row, struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR REPLACE INTO trace_tags (trace_id, key, value)"
			 " SELECT t.id, '" NAME_LOCATION "', " EXPERIMENT_LOCATION
			 " || '/traces/' || t.uuid || '/artifacts'"
			 " FROM traces t JOIN experiments e ON e.id = experiment_id WHERE t.id = ?", "i", row);
}

static int put_fields(struct db *db, const struct trace *t, struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT INTO traces (uuid, experiment_id, request_ms, duration_ms, state,"
			 " client_request_id, request_preview, response_preview, finalized)"
			 " VALUES (?, ?, ?, nullif(?, ?), ?, ?, ?, ?, 1)"
			 " ON CONFLICT (uuid) DO UPDATE SET experiment_id = excluded.experiment_id,"
			 " request_ms = excluded.request_ms,"
			 " duration_ms = excluded.duration_ms, state = excluded.state,"
			 " client_request_id = excluded.client_request_id,"
			 " request_preview = ifnull(excluded.request_preview, request_preview),"
			 " response_preview = ifnull(excluded.response_preview, response_preview),"
			 " finalized = 1", "siiiiisss", t->id, t->experiment, t->request_ms, t->duration_ms,
			 TRACE_NO_DURATION, (int64_t)t->state, t->client_request_id, t->request_preview,
			 t->response_preview);
}

/* Spans of several services come in any order, so the experiment of the first of them is no answer. */
static int check_experiment(struct db *db, const struct trace *t, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT 1 FROM traces WHERE uuid = ? AND finalized AND experiment_id != ?", "si", t->id,
			t->experiment);

	if (rc <= 0)
		return rc;
	db_done(stmt);
	return err_set(err, MLOPS_EEXISTS, "Trace with ID '%.100s' is of another experiment", t->id);
}

int trace_put(struct db *db, const struct trace *t, int64_t *row, struct mlops_error *err)
{
	return check_id(t->id, err) || check_experiment(db, t, err) || put_fields(db, t, err) ||
			       trace_find(db, t->id, row, err) || trace_put_location(db, *row, err) ?
		       -1 :
		       0;
}

static const char *lend(struct db_stmt *stmt, int column, struct arena *arena)
{
	const char *text = db_text(stmt, column);

	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

int trace_load(struct db *db, int64_t row, struct arena *arena, struct trace *out,
	       struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid, experiment_id, request_ms, duration_ms, state, client_request_id,"
			" request_preview, response_preview FROM traces WHERE id = ?", "i", row);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "the trace is gone");
	*out = (struct trace){
		.id = lend(stmt, 0, arena),
		.experiment = db_int(stmt, 1),
		.request_ms = db_int(stmt, 2),
		.duration_ms = db_is_null(stmt, 3) ? TRACE_NO_DURATION : db_int(stmt, 3),
		.state = (enum trace_state)((uint64_t)db_int(stmt, 4) % TRACE_STATES),
		.client_request_id = lend(stmt, 5, arena),
		.request_preview = lend(stmt, 6, arena),
		.response_preview = lend(stmt, 7, arena),
	};
	db_done(stmt);
	return 0;
}

int trace_link(struct db *db, int64_t row, const char *kind, const char *target, struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR IGNORE INTO trace_links (trace_id, kind, target) VALUES (?, ?, ?)", "iss",
			 row, kind, target);
}

static int delete_files(struct db *db, int64_t row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT " EXPERIMENT_LOCATION " || '/traces/' || t.uuid FROM traces t"
			" JOIN experiments e ON e.id = experiment_id WHERE t.id = ?", "i", row);

	if (rc <= 0)
		return rc;
	autofree char *uri = db_text_dup(stmt, 0);
	db_done(stmt);
	const char *path = artifact_path_of_uri(uri);
	return path ? artifact_delete(db, path, err) : 0;
}

int trace_delete(struct db *db, int64_t row, struct mlops_error *err)
{
	return delete_files(db, row, err) ||
			       db_change(db, err, "DELETE FROM traces WHERE id = ?", "i", row) ?
		       -1 :
		       0;
}
