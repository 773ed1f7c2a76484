/* Which stage needs which, and the order to run them in. */
#pragma once

#include "pipeline/spec.h"

/*
 * Finds the needs of every stage by its deps and parameter files, and the order. MLOPS_EINVALID
 * for outputs that overlap, that two stages give or that their own stage reads, and for a cycle.
 */
int graph_build(struct pipeline *p, struct mlops_error *err);
