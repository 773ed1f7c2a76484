/* Which stage needs which, and the order to run them in. */
#pragma once

#include "pipeline/spec.h"

/*
 * Finds the needs of every stage by its deps and parameter files, and the order. MLOPS_EINVALID
 * for outputs that overlap, that two stages give or that their own stage reads, and for a cycle.
 */
int graph_build(struct pipeline *p, struct mlops_error *err);

/*
 * Marks in `wanted` (a flag a stage) the named stages and what they need, or with n 0 all;
 * MLOPS_EUSAGE for a name that is none.
 */
int graph_select(const struct pipeline *p, const char *const *names, size_t n, bool *wanted,
		 struct mlops_error *err);
