/* What stages write: removed before they run, saved after, restored in place of running. */
#pragma once

#include "pipeline/state.h"

/* Removes the outs of a stage and makes the folders that they lie in. */
int outs_remove(struct project *project, const struct spec_stage *spec, struct mlops_error *err);
/*
 * Saves the outs to the store and has git ignore them (those that are cached), and puts them into
 * s->now. An out that is not there is MLOPS_EFAIL.
 */
int outs_save(struct project *project, struct state *s, struct mlops_error *err);
/* Makes the cached outs in the work tree as s->now has them; MLOPS_ENOTFOUND: not in the store. */
int outs_restore(struct project *project, const struct state *s, struct mlops_error *err);
