/* Numbers out of metrics files. */
#pragma once

#include "fmt/json.h"
#include "pipeline/spec.h"

/*
 * Reads the numbers of a metrics file (relative to the root), nested keys joined by dots, sorted
 * by key. *out is the caller's: free with mlops_metrics_free().
 */
int metrics_read(struct project *project, const char *file, struct run_metric **out, size_t *n,
		 struct mlops_error *err);
/* The same from text. */
int metrics_parse(const char *file, const char *text, size_t n_text, struct run_metric **out,
		  size_t *n, struct mlops_error *err);
/*
 * The metric "key" of the first metrics file of the pipeline that has it, or "file:key" of that
 * one, new; NULL when there is none yet.
 */
int metrics_value(struct project *project, const struct pipeline *p, const char *key,
		  struct json **out, struct mlops_error *err);
