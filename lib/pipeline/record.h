/* The experiment run that a pipeline run is recorded as. */
#pragma once

#include "base/map.h"
#include "pipeline/state.h"

struct recorder {
	struct project *project;
	const struct run_how *how;
	const struct keep *keep;
	char id[MLOPS_RUN_ID]; /* "" until it started */
	struct map inputs;     /* paths that are recorded: a file is an input of the run once */
};

/* Unless it has started already. */
int recorder_start(struct recorder *r, struct mlops_error *err);
/* A stage whose outcome is known, and what it ran with and gave. */
struct record {
	const struct state *s;
	const struct lock_stage *result;
};
/*
 * Records stages, with their metrics and how they ended, in one transaction. What tracking cannot
 * take (a key that is too long) is left out with a warning: it must not undo hours of work.
 */
int recorder_add(struct recorder *r, const struct record *records, size_t n,
		 struct mlops_error *err);
int recorder_end(struct recorder *r, enum run_status status, int exit_status,
		 struct mlops_error *err);
void recorder_clear(struct recorder *r);
