/* Taking over what MLflow recorded, in whichever form. */
#include "tracking/import.h"

#include "base/fs.h"
#include "base/str.h"
#include "project/project.h"

/* "sqlite:///FILE", as MLflow writes it, and a plain name. */
static const char *file_of(const char *where)
{
	return str_starts(where, "sqlite:///") ? where + strlen("sqlite:///") : where;
}

static int import(struct db *db, struct store *store, const char *where, const char *artifacts,
		  struct runs_imported *out, struct mlops_error *err)
{
	if (fs_is_dir(where))
		return import_mlflow_files(db, store, where, out, err);
	if (fs_exists(file_of(where)))
		return import_mlflow_database(db, store, file_of(where), artifacts, out, err);
	return err_set(err, MLOPS_ENOTFOUND, "there is no folder or file '%s'", where);
}

int mlops_runs_import_mlflow(struct project *project, const char *where, const char *artifacts,
			     struct runs_imported *out, struct mlops_error *err)
{
	struct store *store;
	struct db *db;

	*out = (struct runs_imported){ 0 };
	if (project_db(project, &db, err) || mlops_store_of(project, &store, err) ||
	    import(db, store, where, artifacts, out, err))
		return -1;
	if (out->runs || out->present)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "'%s' holds no runs of MLflow", where);
	return err_hint(err, "give the folder that MLflow calls mlruns, which has a folder for each experiment,"
			     " or its database, mlflow.db");
}
