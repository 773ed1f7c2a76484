/* One `mlops run`: what its stages share, and the steps that a stage is taken through. */
#pragma once

#include "pipeline/override.h"
#include "pipeline/record.h"
#include "pipeline/state.h"

struct session {
	struct project *project;
	struct pipeline *pipeline;
	const struct run_how *how;
	struct run_outcome *out;
	struct overrides overrides;
	struct params params;
	struct lockfile lock;
	struct recorder recorder;
	struct arena arena;   /* of the refs in outs */
	struct map outs;      /* path -> struct object_ref, of stages that are done */
	struct state *states; /* one a stage of the pipeline */
	bool *wanted;         /* the stages to bring up to date */
};

/* Tells the caller, who sees `outcome` and s->reason. */
void session_report(struct session *run, const struct state *s, enum stage_outcome outcome,
		    int64_t duration_ms);
/* Records the stages that are done and not yet recorded, once the experiment run has started. */
int session_record(struct session *run, struct mlops_error *err);

/*
 * Runs the commands of a stage, saves its outs, records it and pins it in mlops.lock. The lock is
 * written last: what it names is safe, and a crash before it makes the stage run again.
 */
int stage_execute(struct session *run, struct state *s, struct mlops_error *err);
/* Brings back the outs of a former run; MLOPS_ENOTFOUND when the store has not got all of them. */
int stage_restore(struct session *run, struct state *s, struct mlops_error *err);
/* Saves outs that are as they were under what mlops.yaml says of them now. */
int stage_redeclare(struct session *run, struct state *s, struct mlops_error *err);
