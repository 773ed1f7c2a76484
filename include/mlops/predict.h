/* Predictions for the rows of a table, by a model that is scored without Python. */
#pragma once

#include "mlops/monitor.h"
#include "mlops/scoring.h"

/* One row's predictions, mlops_scorer_outputs() of them. Returns 0, or -1 with *err set to stop. */
typedef int (*mlops_predicted)(const double *values, size_t n, void *arg, struct mlops_error *err);

/*
 * Scores each row of the table at `path` ("-": standard input), in bounded memory. Columns are
 * found by the model's names for them; where it has none, the table's are taken in their order, and
 * must be as many. An empty field is a missing value. A column that is absent is MLOPS_ENOTFOUND,
 * text where a number belongs MLOPS_EINVALID.
 */
MLOPS_API int mlops_table_predict(const char *path, const struct mlops_table_opts *how,
				  const struct scorer *scorer, mlops_predicted predicted, void *arg,
				  struct mlops_error *err);
