/* The stages that are at work, and waiting for one of their commands to end. */
#pragma once

#include "pipeline/capacity.h"
#include "pipeline/child.h"
#include "pipeline/output.h"
#include "pipeline/state.h"

struct job {
	struct state *s;
	size_t command; /* the one that runs */
	struct child child;
	struct output output;
	int64_t start_ms; /* monotonic */
	int64_t retries;  /* that were made */
	int64_t again_ms; /* monotonic: starts its commands again then; 0: a command is at work */
	struct gpu_set gpus;
};

struct jobs {
	VEC(struct job *) v; /* in the order of their start */
};

struct job *job_new(struct state *s);
/* Ends what is left of it. */
void job_free(struct job *job);
void jobs_remove(struct jobs *jobs, struct job *job);

/*
 * Waits until a command has ended, or a job is to start again: that is *ended, all it printed
 * taken. NULL there when nothing did within timeout_ms (-1: no limit), or token_fd (-1: none) can
 * be read before. Signals that ask us to stop are passed on.
 */
int jobs_wait(struct jobs *jobs, int token_fd, int timeout_ms, struct job **ended,
	      struct mlops_error *err);
