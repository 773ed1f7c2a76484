/* Models with their versions out of the database, and their aliases. */
#include "registry/private.h"

#include "base/vec.h"
#include "db/audit.h"

DEFINE_CLEANUP(model, mlops_model_free)

static int fail_no_model(struct db *db, const char *name, struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (db_texts(db, &names, err, "SELECT name FROM models ORDER BY name", ""))
		return -1;
	const char *near = strlist_suggest(name, &names);
	err_set(err, MLOPS_ENOTFOUND, "there is no model '%s'", name);
	if (near)
		return err_hint(err, "did you mean '%s'?", near);
	return names.n ? err_hint(err, "list them with: mlops model ls") :
			 err_hint(err, "register one with: mlops model register %s --from-run last",
				  name);
}

int model_row(struct db *db, const char *name, int64_t *row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM models WHERE name = ?", "s", name);

	if (rc < 0)
		return -1;
	if (!rc)
		return fail_no_model(db, name, err);
	*row = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static int load_versions(struct db *db, int64_t row, struct model *m, struct mlops_error *err)
{
	VEC(struct model_version) list = { 0 };
	struct model_version *v;
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, "SELECT version FROM model_versions WHERE model_id = ?"
		     " ORDER BY version DESC", "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		rc = version_load(db, row, db_int(stmt, 0), &v, err);
		if (rc) {
			db_done(stmt);
			break;
		}
		vec_push(&list, *v);
		free(v); /* what it owned is the list's now */
	}
	m->versions = list.v;
	m->n = list.n;
	return rc;
}

static int model_load(struct db *db, int64_t row, struct model **out, struct mlops_error *err)
{
	__attribute__((cleanup(cleanup_model))) struct model *m = xcalloc(1, sizeof(*m));
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT name, description, created_ms FROM models WHERE id = ?", "i", row);

	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, MLOPS_ENOTFOUND, "the model is gone");
	m->name = db_text_dup(stmt, 0);
	m->description = db_text_dup(stmt, 1);
	m->created_ms = db_int(stmt, 2);
	db_done(stmt);
	if (load_versions(db, row, m, err))
		return -1;
	*out = steal_ptr(&m);
	return 0;
}

int mlops_model_get(struct project *project, const char *name, struct model **out,
		    struct mlops_error *err)
{
	struct db *db;
	int64_t row;

	if (name_check("model", name, err) || project_db(project, &db, err) ||
	    model_row(db, name, &row, err))
		return -1;
	return model_load(db, row, out, err);
}

int mlops_models_list(struct project *project, struct model ***out, size_t *n,
		      struct mlops_error *err)
{
	VEC(struct model *) list = { 0 };
	struct db_stmt *stmt;
	struct model *m;
	struct db *db;
	int rc;

	if (project_db(project, &db, err) ||
	    db_query(db, &stmt, err, "SELECT id FROM models ORDER BY name", ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		rc = model_load(db, db_int(stmt, 0), &m, err);
		if (rc) {
			db_done(stmt);
			break;
		}
		vec_push(&list, m);
	}
	if (rc) {
		mlops_models_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

void mlops_model_free(struct model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		version_clear(&m->versions[i]);
	free(m->versions);
	free(m->name);
	free(m->description);
	free(m);
}

void mlops_models_free(struct model **models, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_model_free(models[i]);
	free(models);
}
