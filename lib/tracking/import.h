/* The forms that MLflow records runs in, for import.c. */
#pragma once

#include "db/db.h"
#include "mlops/import_runs.h"
#include "mlops/store.h"

/* A file store, "mlruns". */
int import_mlflow_files(struct db *db, struct store *store, const char *dir, struct runs_imported *out,
			struct mlops_error *err);
/* An SQLite database; `artifacts` is the folder that mlflow-artifacts: stands for, or NULL. */
int import_mlflow_database(struct db *db, struct store *store, const char *file, const char *artifacts,
			   struct runs_imported *out, struct mlops_error *err);
