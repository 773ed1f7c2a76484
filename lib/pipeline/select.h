/* Which stages a run is to bring up to date. */
#pragma once

#include "pipeline/spec.h"

/*
 * Marks them in `wanted`, a flag a stage, as run_how says; MLOPS_EUSAGE for the name of a stage
 * that is none.
 */
int select_stages(const struct pipeline *p, const struct run_how *how, bool *wanted,
		  struct mlops_error *err);
