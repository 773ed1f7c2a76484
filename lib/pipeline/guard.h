/*
 * One pipeline run at a time in a project. While a stage's command runs it also holds a lock of
 * its own, which its processes inherit: when the program is killed and they are not, the next run
 * waits for them instead of writing the same outputs beside them.
 */
#pragma once

#include "project/project.h"

/* Takes the lock of the run; MLOPS_ELOCKED after core.lockTimeout. *fd holds it until closed. */
int guard_run(struct project *project, int *fd, struct mlops_error *err);
/* Around a stage's commands: *fd is for them to keep open. */
int guard_stage_begin(struct project *project, int *fd, struct mlops_error *err);
void guard_stage_end(struct project *project, int fd);
