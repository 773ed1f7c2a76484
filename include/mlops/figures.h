/* The parameters and metrics of a pipeline at one point: the work tree, a revision of git, a run. */
#pragma once

#include "mlops/pipeline.h"

enum figure_kind { FIGURE_PARAMS, FIGURE_METRICS };

struct figure {
	char *file; /* relative to the root; "" for a run's, which are recorded without */
	char *key;  /* nested keys joined by dots */
	char *text; /* compact JSON */
	double number;
	bool is_number;
};

struct figures {
	struct figure *v; /* sorted by file and key */
	size_t n;
};

/*
 * Reads them. `where` is a revision (gitrevisions(7)), else a run (its id, the start of it, its
 * name, "last"), or NULL for the work tree. MLOPS_ENOTFOUND for what is none of them. A metrics
 * file that is not there, or whose object is not in the store, gives none. Clear *out when 0.
 */
MLOPS_API int mlops_figures_at(struct project *project, enum figure_kind kind, const char *where,
			       struct figures *out, struct mlops_error *err);
MLOPS_API void mlops_figures_clear(struct figures *figures);

/*
 * Calls fn for each that is in one of two only (then the other is NULL), or, where they differ or
 * `all` is set, in both; by file and key. A run's figures have no file, so when one side is a run's
 * only keys are compared.
 */
MLOPS_API void mlops_figures_compare(const struct figures *a, const struct figures *b, bool all,
				     void (*fn)(const struct figure *a, const struct figure *b,
						void *arg),
				     void *arg);
