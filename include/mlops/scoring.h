/*
 * Scores trained models here, without Python and without the library that made them: boosted trees
 * of XGBoost (JSON, UBJSON) and LightGBM (text), and what scikit-learn's linear models, forests and
 * boosted trees become in ONNX. Results equal the library's own to 1e-6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mlops/error.h"
#include "mlops/export.h"
#include "mlops/registry.h"

struct scorer;

/*
 * Reads a model file, or the one model file in a folder (an MLflow model's, or the only one of a
 * known kind). MLOPS_ENOTFOUND: no kind that is scored here; MLOPS_EINVALID: damaged, or with a
 * part that is not scored here, which the message names. Any number of threads may then score.
 */
MLOPS_API int mlops_scorer_open(const char *path, struct scorer **out, struct mlops_error *err);
/* The same of a registered version, which must be usable (mlops_model_check_usable()). */
MLOPS_API int mlops_scorer_open_version(struct project *project, const struct model_version *version,
					struct scorer **out, struct mlops_error *err);
MLOPS_API void mlops_scorer_free(struct scorer *s); /* NULL is fine */

/* What mlops_inspect() calls the format; and the training objective, NULL when not known. */
MLOPS_API const char *mlops_scorer_format(const struct scorer *s);
MLOPS_API const char *mlops_scorer_objective(const struct scorer *s);
/* Columns of a row. */
MLOPS_API size_t mlops_scorer_features(const struct scorer *s);
/* The name of a column, or NULL where the model has no names. */
MLOPS_API const char *mlops_scorer_feature(const struct scorer *s, size_t i);
/* Values of one prediction: 1, or one a class or target. */
MLOPS_API size_t mlops_scorer_outputs(const struct scorer *s);
/*
 * `rows` is n rows of mlops_scorer_features() numbers, NaN where a value is missing; a category is
 * its number. `out` has room for n times mlops_scorer_outputs().
 */
MLOPS_API void mlops_scorer_predict(const struct scorer *s, const double *rows, size_t n, double *out);
