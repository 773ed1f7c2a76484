/* Aliases: names that point at one version of a model and can be moved. */
#include "registry/private.h"

#include "db/audit.h"

int alias_put(struct db *db, int64_t model, const char *alias, int64_t version,
	      struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR REPLACE INTO model_aliases (model_id, alias, version)"
			 " VALUES (?, ?, ?)", "isi", model, alias, version);
}

int alias_find(struct db *db, int64_t model, const char *alias, int64_t *version,
	       struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT version FROM model_aliases WHERE model_id = ? AND alias = ?", "is",
			model, alias);

	*version = rc > 0 ? db_int(stmt, 0) : 0;
	if (rc > 0)
		db_done(stmt);
	return rc < 0 ? -1 : 0;
}

int alias_fail_unknown(struct db *db, int64_t model, const char *name, const char *alias,
		       struct mlops_error *err)
{
	autobuf list = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, "SELECT alias FROM model_aliases WHERE model_id = ?"
		     " ORDER BY alias", "i", model))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		strbuf_addf(&list, "%s%s", list.len ? ", " : "", db_text(stmt, 0));
	if (rc)
		return -1;
	err_set(err, MLOPS_ENOTFOUND, "model '%s' has no alias '%s'", name, alias);
	if (list.len)
		return err_hint(err, "it has: %s", list.buf);
	return err_hint(err, "set it with: mlops model alias %s %s VERSION", name, alias);
}

struct alias {
	const char *model, *name;
	int64_t version; /* 0: remove */
};

static int put(struct db *db, int64_t model, const struct alias *a, struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s@%s", a->model, a->name);
	autofree char *detail = xasprintf("version %lld", (long long)a->version);

	if (version_check(db, model, a->model, a->version, err) ||
	    alias_put(db, model, a->name, a->version, err))
		return -1;
	return audit_add(db, "model.alias", subject, detail, err);
}

static int take_away(struct db *db, int64_t model, const struct alias *a, struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s@%s", a->model, a->name);

	if (db_change(db, err, "DELETE FROM model_aliases WHERE model_id = ? AND alias = ?", "is",
		      model, a->name))
		return -1;
	if (!db_changes(db))
		return alias_fail_unknown(db, model, a->model, a->name, err);
	return audit_add(db, "model.unalias", subject, NULL, err);
}

static int change(struct db *db, void *arg, struct mlops_error *err)
{
	const struct alias *a = arg;
	int64_t model;

	if (model_row(db, a->model, &model, err))
		return -1;
	return a->version ? put(db, model, a, err) : take_away(db, model, a, err);
}

int mlops_model_set_alias(struct project *project, const char *name, const char *alias,
			  int64_t version, struct mlops_error *err)
{
	struct alias a = { name, alias, version };
	struct db *db;

	if (name_check("model", name, err) || name_check("alias", alias, err) ||
	    project_db(project, &db, err))
		return -1;
	return db_transaction(db, change, &a, err);
}
