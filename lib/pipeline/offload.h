/* Stages that run on another engine: what stands in front of their commands, and how they failed. */
#pragma once

#include "pipeline/session.h"

/* Finds the engine of each stage that is to be brought up to date. MLOPS_EUSAGE for an unknown one. */
int offload_choose(struct session *run, struct mlops_error *err);
/* What stands in front of the stage's commands, made one; in the arena. */
int offload_prefix(struct session *run, const struct state *s, struct arena *arena,
		   const char *const **prefix, struct spec_cmd *command, struct mlops_error *err);
/* When it was the engine that failed and not the command, its error, and true. */
bool offload_failed(struct session *run, const struct state *s, struct mlops_error *err);

/* Of a stage that has ended there, what it used. */
void offload_take_usage(struct session *run, const struct state *s, struct run_usage *out);
/* The engines of the run's stages let go of what these shared. */
void offload_end(struct session *run);

/* The file that the error of an engine stands in; new. */
char *offload_failure_file(struct project *project, const char *stage);
