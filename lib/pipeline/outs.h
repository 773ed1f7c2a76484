/* What stages write: removed before they run, saved after, restored in place of running. */
#pragma once

#include "pipeline/state.h"

/* Removes the outs of a stage and makes the folders that they lie in. */
int outs_remove(struct project *project, const struct spec_stage *spec, struct mlops_error *err);
/*
 * Takes the outs into s->now and saves those that are cached, and small ones that are not, so that
 * a former result can be brought back whole; they are durable once the look is committed. An
 * out that is not there is MLOPS_EFAIL.
 */
int outs_save(struct project *project, const struct keep *keep, struct keep_look *look,
	      struct state *s, struct mlops_error *err);
/* Makes the outs in the work tree as s->now has them; MLOPS_ENOTFOUND: not in the store. */
int outs_restore(struct project *project, const struct keep *keep, const struct state *s,
		 struct mlops_error *err);
