/*
 * One pipeline run at a time in a project. While stages' commands run it also holds a lock that
 * their processes inherit: when the program is killed and they are not, the next run waits for
 * them instead of writing the same outputs beside them.
 */
#pragma once

#include "project/project.h"

/* Takes the lock of the run; MLOPS_ELOCKED after core.lockTimeout. *fd holds it until closed. */
int guard_run(struct project *project, int *fd, struct mlops_error *err);
/* Around all commands: *fd is for them to keep open. */
int guard_commands_begin(struct project *project, int *fd, struct mlops_error *err);
void guard_commands_end(struct project *project, int fd);
