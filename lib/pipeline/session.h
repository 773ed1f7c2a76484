/* One `mlops run`: what its stages share, and the steps that a stage is taken through. */
#pragma once

#include "pipeline/gpu.h"
#include "pipeline/override.h"
#include "pipeline/record.h"
#include "pipeline/schedule.h"
#include "pipeline/secrets.h"
#include "pipeline/state.h"
#include "pipeline/tokens.h"

struct session {
	struct project *project;
	struct pipeline *pipeline;
	struct pipeline *reloaded; /* the same, when it is not the caller's */
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
	size_t n_wanted;
	struct schedule schedule;
	struct tokens tokens;
	struct capacity capacity;
	struct secrets secrets;
	struct share share;
	struct jobs jobs;
	struct gpu_watch gpus;
	const char *const *environment; /* that the caller gives the commands, or NULL */
	int commands_fd;           /* guards the commands once the first has started; else -1 */
	struct keep_look *look;    /* open, with the project locked, while stages are judged */
	struct keep_look *save;    /* takes the outs that are not committed yet, or NULL */
	VEC(struct state *) ended; /* in the order that they came to their end */
	size_t committed;          /* of those: their outs are pinned */
	size_t recorded;           /* and they are in the experiment run */
	int64_t next_commit_ms;    /* monotonic */
};

/* Tells the caller, who sees `outcome` and s->reason. */
void session_report(struct session *run, const struct state *s, enum stage_outcome outcome,
		    int64_t duration_ms);
/* What a stage had and gave: its own until the lock took it. */
const struct lock_stage *session_result(struct session *run, const struct state *s);

/* What a stage needs of this machine: nothing where it runs on another engine. */
const struct spec_resources *session_needs(const struct state *s);

/* Whether the `if` of a stage holds, or it has none. */
int session_condition(struct session *run, const struct state *s, bool *holds,
		      struct mlops_error *err);

/* Looking at the work tree, the project locked; again after session_look_end(), before a command. */
int session_look(struct session *run, struct mlops_error *err);
int session_look_end(struct session *run, struct mlops_error *err);

/*
 * Makes durable what stages gave that came to their end, and then tells of it: objects, git's
 * ignore rules, the experiment run, mlops.lock. A crash before it makes those stages run again.
 * They are committed together, which costs one sync for many short stages.
 */
int session_commit(struct session *run, struct mlops_error *err);
/* Milliseconds until the next commit is due; -1: there is nothing to commit. */
int session_commit_due(const struct session *run);

/* Starts the first command of a stage, its outs removed: a job of run->jobs. */
int stage_start(struct session *run, struct state *s, struct mlops_error *err);
/* A command of the job has ended: starts the next one, or saves the outs and sets *over. */
int stage_proceed(struct session *run, struct job *job, bool *over, struct mlops_error *err);
/* Brings back the outs of a former run; MLOPS_ENOTFOUND when the store has not got all of them. */
int stage_restore(struct session *run, struct state *s, struct mlops_error *err);
/* Saves outs that are as they were under what mlops.yaml says of them now. */
int stage_redeclare(struct session *run, struct state *s, struct mlops_error *err);
