/*
 * Former results of stages, found again by what went in: the command, parameters, dependencies by
 * content, and which outputs are declared. The name of the stage does not matter. A stage without
 * outputs is run for something else than a result, so it has none.
 */
#pragma once

#include "mlops/lockfile.h"
#include "mlops/tracking.h"
#include "pipeline/spec.h"

/* Adds the result of a stage with the inputs of `now` to *out; false when none is known. */
int results_find(struct project *project, const struct spec_stage *spec,
		 const struct lock_stage *now, struct lockfile *out, bool *found,
		 struct mlops_error *err);
/* Keeps a result; the objects that it names are durable. Call in a transaction for many. */
int results_put(struct project *project, const struct spec_stage *spec,
		const struct lock_stage *result, struct mlops_error *err);

/* The key that a result with these inputs has. */
int results_key(const struct spec_stage *spec, const struct lock_stage *inputs, struct oid *out,
		struct mlops_error *err);
/* Reads the text of one result; false, and nothing in *out, when it is none. */
bool results_parse(const char *text, size_t n, struct lockfile *out);
/* Calls fn for each result that is kept. */
int results_each(struct project *project,
		 void (*fn)(const struct oid *key, const struct lock_stage *result, void *arg),
		 void *arg, struct mlops_error *err);
