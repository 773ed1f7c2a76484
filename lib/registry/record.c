/* Models, versions and aliases as rows, for the server; each change leaves its line in the audit. */
#include "registry/record.h"

#include "base/clock.h"
#include "db/audit.h"
#include "registry/private.h"

int model_find(struct db *db, const char *name, int64_t *row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM models WHERE name = ?", "s", name);

	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND,
					"Registered Model with name=%.300s not found", name);
	*row = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static int check_free(struct db *db, const char *name, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT 1 FROM models WHERE name = ?", "s", name);

	if (rc <= 0)
		return rc;
	db_done(stmt);
	return err_set(err, MLOPS_EEXISTS, "Registered Model (name=%s) already exists.", name);
}

int model_create(struct db *db, const char *name, const char *description, int64_t *row,
		 struct mlops_error *err)
{
	if (check_free(db, name, err) ||
	    db_change(db, err, "INSERT INTO models (name, description, created_ms) VALUES (?, ?, ?)",
		      "ssi", name, description, clock_now_ms()))
		return -1;
	*row = db_last_id(db);
	return audit_add(db, "model.create", name, NULL, err);
}

static int touch_model(struct db *db, int64_t row, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE models SET updated_ms = ? WHERE id = ?", "ii", clock_now_ms(),
			 row);
}

static int touch_version(struct db *db, const struct version_key *v, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE model_versions SET updated_ms = ? WHERE id = ?", "ii",
			 clock_now_ms(), v->row);
}

int model_rename(struct db *db, int64_t row, const char *name, struct mlops_error *err)
{
	if (check_free(db, name, err) ||
	    db_change(db, err, "UPDATE models SET name = ? WHERE id = ?", "si", name, row) ||
	    touch_model(db, row, err))
		return -1;
	return audit_add(db, "model.rename", name, NULL, err);
}

int model_describe(struct db *db, int64_t row, const char *description, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE models SET description = ? WHERE id = ?", "si", description,
			 row) ||
			       touch_model(db, row, err) ?
		       -1 :
		       0;
}

int model_delete(struct db *db, int64_t row, const char *name, struct mlops_error *err)
{
	static const char *const changes[] = {
		"DELETE FROM model_aliases WHERE model_id = ?",
		("DELETE FROM model_signatures WHERE version_id IN"
		 " (SELECT id FROM model_versions WHERE model_id = ?)"),
		"DELETE FROM model_versions WHERE model_id = ?",
		"DELETE FROM models WHERE id = ?",
	};

	if (version_check_not_deployed(db, name, 0, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (db_change(db, err, changes[i], "i", row))
			return -1;
	return audit_add(db, "model.delete", name, NULL, err);
}

int model_set_tag(struct db *db, int64_t row, const char *key, const char *value,
		  struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR REPLACE INTO model_tags (model_id, key, value) VALUES (?, ?, ?)",
			 "iss", row, key, value) ||
			       touch_model(db, row, err) ?
		       -1 :
		       0;
}

int model_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err)
{
	return db_change(db, err, "DELETE FROM model_tags WHERE model_id = ? AND key = ?", "is", row,
			 key);
}

static int next_number(struct db *db, int64_t model, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_row(db, &stmt, err, "SELECT ifnull(max(version), 0) + 1 FROM model_versions"
		   " WHERE model_id = ?", "i", model) < 0)
		return -1;
	*out = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

int version_create(struct db *db, const struct version_create *how, struct version_key *out,
		   struct mlops_error *err)
{
	out->model = how->model;
	if (next_number(db, how->model, &out->number, err) ||
	    db_change(db, err,
		      "INSERT INTO model_versions (model_id, version, path, created_ms, source, run_uuid,"
		      " run_link, description, logged_model, run_id, " REF_COLUMNS ")"
		      " VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, (SELECT id FROM runs WHERE uuid = ?),"
		      " ?, ?, ?, ?, ?)",
		      "iiissssss" REF_FORMAT, how->model, out->number, clock_now_ms(), how->source,
		      how->run_id, how->run_link, how->description ? how->description : "",
		      how->logged_model, how->run_id, REF_VALUES(&how->ref)))
		return -1;
	out->row = db_last_id(db);
	autofree char *subject = xasprintf("%s:%lld", how->name, (long long)out->number);
	return touch_model(db, how->model, err) ||
			       audit_add(db, "model.register", subject, how->source, err) ?
		       -1 :
		       0;
}

int version_find(struct db *db, const char *name, int64_t number, struct version_key *out,
		 struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (model_find(db, name, &out->model, err))
		return -1;
	int rc = db_row(db, &stmt, err,
			"SELECT id FROM model_versions WHERE model_id = ? AND version = ?"
			" AND stage != ?", "iii", out->model, number, (int64_t)MODEL_RETIRED);
	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND,
					"Model Version (name=%s, version=%lld) not found", name,
					(long long)number);
	out->row = db_int(stmt, 0);
	out->number = number;
	db_done(stmt);
	return 0;
}

int version_describe(struct db *db, const struct version_key *v, const char *description,
		     struct mlops_error *err)
{
	return db_change(db, err, "UPDATE model_versions SET description = ? WHERE id = ?", "si",
			 description, v->row) ||
			       touch_version(db, v, err) ?
		       -1 :
		       0;
}

int version_check_not_deployed(struct db *db, const char *name, int64_t number,
			       struct mlops_error *err)
{
	autofree char *subject = number ? xasprintf("%s:%lld", name, (long long)number) :
					  xstrdup(name);
	autostrlist names = { 0 };

	if (db_texts(db, &names, err,
		     "SELECT DISTINCT name FROM revisions JOIN deployments"
		     " ON deployments.id = deployment_id WHERE model = ?1 AND (?2 = 0 OR version = ?2)"
		     " AND revisions.status <= 1 ORDER BY name", "si", name, number))
		return -1;
	if (!names.n)
		return 0;
	err_set(err, MLOPS_ENO, "%s is deployed as '%s'", subject, names.v[0]);
	return err_hint(err, "deploy another version first, or: mlops undeploy %s", names.v[0]);
}

int version_delete(struct db *db, const struct version_key *v, const char *name,
		   struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s:%lld", name, (long long)v->number);

	if (version_check_not_deployed(db, name, v->number, err) ||
	    db_change(db, err, "DELETE FROM model_aliases WHERE model_id = ? AND version = ?", "ii",
		      v->model, v->number) ||
	    db_change(db, err, "UPDATE model_versions SET stage = ? WHERE id = ?", "ii",
		      (int64_t)MODEL_RETIRED, v->row) ||
	    touch_model(db, v->model, err))
		return -1;
	return audit_add(db, "model.retire", subject, NULL, err);
}

int version_set_stage(struct db *db, const struct version_key *v, const char *name,
		      enum model_stage stage, bool archive, struct mlops_error *err)
{
	static const char *const actions[] = { "model.restore", "model.promote", "model.promote",
					       "model.archive" };
	static const char *const details[] = { NULL, "staging", "production", NULL };
	autofree char *subject = xasprintf("%s:%lld", name, (long long)v->number);

	if (archive && db_change(db, err,
				 "UPDATE model_versions SET stage = ?, updated_ms = ?"
				 " WHERE model_id = ? AND stage = ? AND id != ?",
				 "iiiii", (int64_t)MODEL_ARCHIVED, clock_now_ms(), v->model,
				 (int64_t)stage, v->row))
		return -1;
	if (db_change(db, err, "UPDATE model_versions SET stage = ? WHERE id = ?", "ii", (int64_t)stage,
		      v->row) ||
	    touch_version(db, v, err) || touch_model(db, v->model, err))
		return -1;
	return audit_add(db, actions[stage], subject, details[stage], err);
}

int version_set_tag(struct db *db, const struct version_key *v, const char *key, const char *value,
		    struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR REPLACE INTO model_version_tags (version_id, key, value)"
			 " VALUES (?, ?, ?)", "iss", v->row, key, value) ||
			       touch_version(db, v, err) ?
		       -1 :
		       0;
}

int version_delete_tag(struct db *db, const struct version_key *v, const char *key,
		       struct mlops_error *err)
{
	return db_change(db, err, "DELETE FROM model_version_tags WHERE version_id = ? AND key = ?",
			 "is", v->row, key);
}

int alias_set(struct db *db, const struct version_key *v, const char *name, const char *alias,
	      struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s@%s", name, alias);
	autofree char *detail = xasprintf("version %lld", (long long)v->number);

	return alias_put(db, v->model, alias, v->number, err) || touch_model(db, v->model, err) ||
			       audit_add(db, "model.alias", subject, detail, err) ?
		       -1 :
		       0;
}

int alias_delete(struct db *db, int64_t model, const char *name, const char *alias,
		 struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s@%s", name, alias);

	if (db_change(db, err, "DELETE FROM model_aliases WHERE model_id = ? AND alias = ?", "is", model,
		      alias))
		return -1;
	if (!db_changes(db))
		return 0;
	return touch_model(db, model, err) || audit_add(db, "model.unalias", subject, NULL, err) ? -1 : 0;
}
