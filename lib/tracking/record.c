/* Runs as rows: what a client of the server makes, changes and logs. */
#include "tracking/record.h"

#include "base/clock.h"
#include "base/rand.h"
#include "base/vec.h"
#include "tracking/private.h"

int run_create(struct db *db, const struct run_create *how, struct run_key *out,
	       struct mlops_error *err)
{
	char made_up[RUN_NAME_SIZE];
	const char *name = how->name ? how->name : run_name_make(made_up);

	if (how->id)
		snprintf(out->id, MLOPS_RUN_ID, "%s", how->id);
	else
		rand_hex(out->id, (MLOPS_RUN_ID - 1) / 2);
	if (db_change(db, err,
		      "INSERT INTO runs (uuid, experiment_id, name, user, status, start_ms, host, pid,"
		      " pid_start) VALUES (?, ?, ?, ?, ?, ?, '', 0, 0)",
		      "sissii", out->id, how->experiment, name, how->user, (int64_t)RUN_RUNNING,
		      how->start_ms))
		return -1;
	out->row = db_last_id(db);
	return run_put_tag(db, out->row, RUN_NAME_TAG, name, err);
}

int run_change(struct db *db, int64_t row, int status, int64_t end_ms, const char *name,
	       struct mlops_error *err)
{
	if (status >= 0 && db_change(db, err, "UPDATE runs SET status = ? WHERE id = ?", "ii",
				     (int64_t)status, row))
		return -1;
	if (end_ms && db_change(db, err, "UPDATE runs SET end_ms = ? WHERE id = ?", "ii", end_ms, row))
		return -1;
	return name ? run_put_tag(db, row, RUN_NAME_TAG, name, err) : 0;
}

int run_set_deleted(struct db *db, int64_t row, bool deleted, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE runs SET deleted_ms = nullif(?, 0) WHERE id = ?", "ii",
			 deleted ? clock_now_ms() : 0, row);
}

int run_lookup(struct db *db, const char *id, int64_t *row, int64_t *deleted_ms,
	       struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id, ifnull(deleted_ms, 0) FROM runs WHERE uuid = ?",
			"s", id);

	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND, "Run with id=%.300s not found", id);
	*row = db_int(stmt, 0);
	if (deleted_ms)
		*deleted_ms = db_int(stmt, 1);
	db_done(stmt);
	return 0;
}

int run_put_param(struct db *db, const struct run_key *run, const char *key, const char *value,
		  struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_change(db, err, "INSERT OR IGNORE INTO params (run_id, key, value) VALUES (?, ?, ?)",
		      "iss", run->row, key, value))
		return -1;
	if (db_changes(db))
		return 0;
	if (db_row(db, &stmt, err, "SELECT value FROM params WHERE run_id = ? AND key = ?", "is",
		   run->row, key) <= 0)
		return -1;
	autofree char *old = db_text_dup(stmt, 0);
	db_done(stmt);
	if (!strcmp(old, value))
		return 0;
	return err_set(err, MLOPS_EINVALID,
		       "Changing param values is not allowed. Param with key='%s' was already logged"
		       " with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
		       key, old, run->id, value);
}

int run_put_tag(struct db *db, int64_t row, const char *key, const char *value,
		struct mlops_error *err)
{
	if (!strcmp(key, RUN_NAME_TAG) &&
	    db_change(db, err, "UPDATE runs SET name = ? WHERE id = ?", "si", value, row))
		return -1;
	return db_change(db, err, "INSERT OR REPLACE INTO tags (run_id, key, value) VALUES (?, ?, ?)",
			 "iss", row, key, value);
}

int run_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err)
{
	if (db_change(db, err, "DELETE FROM tags WHERE run_id = ? AND key = ?", "is", row, key))
		return -1;
	return db_changes(db) ? 0 :
				err_set(err, MLOPS_ENOTFOUND, "No tag with name: %s in run", key);
}

int run_load_pairs(struct db *db, const char *sql, int64_t row, struct run_pair **out, size_t *n,
		   struct mlops_error *err)
{
	VEC(struct run_pair) list = { 0 };
	struct db_stmt *stmt;
	int rc;

	*out = NULL;
	*n = 0;
	if (db_query(db, &stmt, err, sql, "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, { db_text_dup(stmt, 0), db_text_dup(stmt, 1) });
	*out = list.v; /* also on failure: the owner has what was read */
	*n = list.n;
	return rc;
}

void run_pairs_free(struct run_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}
