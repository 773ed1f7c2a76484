/* Taking over runs that other trackers recorded. */
#pragma once

#include <stddef.h>

#include "mlops/error.h"
#include "mlops/export.h"

struct project;

struct runs_imported {
	size_t runs;      /* that are new here */
	size_t present;   /* that were here already, by their ids, and are brought up to date */
	size_t artifacts; /* files of new runs */
};

/*
 * All of what MLflow recorded in a folder ("mlruns", mlflow.store.tracking.file_store) or in an SQLite
 * database (also as "sqlite:///FILE"): experiments by their
 * names, runs with their ids, times, parameters, metrics, tags and artifacts. Each run is taken whole
 * or not at all, so that an import that was interrupted goes on when it is done again. One that is
 * here gets what it has not: points, parameters, and the tags, state and artifacts that it has there.
 * Experiments and runs that were deleted, also those in .trash, are so here. What is not of this form
 * is left out with a warning. Of a database `artifacts` is the folder that a server's mlflow-artifacts:
 * stands for (NULL: mlartifacts beside it); files that lie neither there nor below the database's own
 * folder are left out. MLOPS_ENOTFOUND when there are no runs.
 */
MLOPS_API int mlops_runs_import_mlflow(struct project *project, const char *where, const char *artifacts,
				       struct runs_imported *out, struct mlops_error *err);
