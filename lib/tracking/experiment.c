/* Experiments as rows. */
#include "tracking/record.h"

#include "base/clock.h"
#include "base/str.h"
#include "tracking/private.h"

static int fail_none(int64_t id, struct mlops_error *err)
{
	return err_set(err, MLOPS_ENOTFOUND, "No Experiment with id=%lld exists", (long long)id);
}

static int fail_taken(const char *name, struct mlops_error *err)
{
	return err_set(err, MLOPS_EEXISTS, "Experiment(name=%s) already exists.", name);
}

int experiment_load(struct db *db, int64_t id, struct experiment *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT name, " EXPERIMENT_LOCATION ", created_ms,"
			" ifnull(updated_ms, created_ms), ifnull(deleted_ms, 0)"
			" FROM experiments e WHERE id = ?", "i", id);

	if (rc <= 0)
		return rc < 0 ? -1 : fail_none(id, err);
	*out = (struct experiment){ .id = id,
				    .name = db_text_dup(stmt, 0),
				    .location = db_text_dup(stmt, 1),
				    .created_ms = db_int(stmt, 2),
				    .updated_ms = db_int(stmt, 3),
				    .deleted_ms = db_int(stmt, 4) };
	db_done(stmt);
	rc = run_load_pairs(db, "SELECT key, value FROM experiment_tags WHERE experiment_id = ?", id,
			    &out->tags, &out->n_tags, err);
	if (rc)
		experiment_clear(out);
	return rc;
}

void experiment_clear(struct experiment *e)
{
	free(e->name);
	free(e->location);
	run_pairs_free(e->tags, e->n_tags);
	*e = (struct experiment){ 0 };
}

int experiment_find(struct db *db, const char *name, int64_t *id, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM experiments WHERE name = ?", "s", name);

	if (rc > 0) {
		*id = db_int(stmt, 0);
		db_done(stmt);
	}
	return rc;
}

int experiment_create(struct db *db, const char *name, const char *location, int64_t *id,
		      struct mlops_error *err)
{
	int rc = experiment_find(db, name, id, err);

	if (rc)
		return rc < 0 ? -1 : fail_taken(name, err);
	if (db_change(db, err,
		      "INSERT INTO experiments (name, artifact_location, created_ms)"
		      " VALUES (?, ?, ?)", "ssi", name, location, clock_now_ms()))
		return -1;
	*id = db_last_id(db);
	return 0;
}

int experiment_make_default(struct db *db, struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR IGNORE INTO experiments (id, name, created_ms) VALUES (0, ?, ?)", "si",
			 EXPERIMENT_DEFAULT, clock_now_ms());
}

int experiment_rename(struct db *db, int64_t id, const char *name, struct mlops_error *err)
{
	int64_t other;
	int rc = experiment_find(db, name, &other, err);

	if (rc && (rc < 0 || other != id))
		return rc < 0 ? -1 : fail_taken(name, err);
	return db_change(db, err, "UPDATE experiments SET name = ?, updated_ms = ? WHERE id = ?", "sii",
			 name, clock_now_ms(), id);
}

/* Runs that were deleted before it stay so when it is restored: theirs is another time. */
int experiment_set_deleted(struct db *db, int64_t id, bool deleted, struct mlops_error *err)
{
	int64_t now = clock_now_ms();

	if (deleted)
		return db_change(db, err, "UPDATE runs SET deleted_ms = ? WHERE experiment_id = ?"
				 " AND deleted_ms IS NULL", "ii", now, id) ||
				       db_change(db, err, "UPDATE experiments SET deleted_ms = ?,"
						 " updated_ms = ? WHERE id = ?", "iii", now, now, id) ?
			       -1 :
			       0;
	return db_change(db, err, "UPDATE runs SET deleted_ms = NULL WHERE experiment_id = ?1 AND"
			 " deleted_ms = (SELECT deleted_ms FROM experiments WHERE id = ?1)", "i", id) ||
			       db_change(db, err, "UPDATE experiments SET deleted_ms = NULL,"
					 " updated_ms = ? WHERE id = ?", "ii", now, id) ?
		       -1 :
		       0;
}

static int touch(struct db *db, int64_t id, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE experiments SET updated_ms = ? WHERE id = ?", "ii",
			 clock_now_ms(), id);
}

int experiment_set_tag(struct db *db, int64_t id, const char *key, const char *value,
		       struct mlops_error *err)
{
	if (db_change(db, err,
		      "INSERT OR REPLACE INTO experiment_tags (experiment_id, key, value)"
		      " VALUES (?, ?, ?)", "iss", id, key, value))
		return -1;
	return touch(db, id, err);
}

int experiment_delete_tag(struct db *db, int64_t id, const char *key, struct mlops_error *err)
{
	if (db_change(db, err, "DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?", "is",
		      id, key))
		return -1;
	if (!db_changes(db))
		return err_set(err, MLOPS_ENOTFOUND, "No tag with name: %s in experiment with id %lld",
			       key, (long long)id);
	return touch(db, id, err);
}
