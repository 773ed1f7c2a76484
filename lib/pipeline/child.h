/* One command of a stage at work: a process group, and the pipes that carry what it prints. */
#pragma once

#include "base/proc.h"
#include "pipeline/spec.h"

struct child_spec {
	const struct spec_cmd *command;
	const char *const *prefix; /* arguments in front of it, NULL-terminated, or NULL */
	const char *dir;        /* absolute */
	const char *const *env; /* "NAME=value" on top of ours, NULL-terminated */
	const int *keep_fds;    /* stay open in the command */
	size_t n_keep_fds;
};

struct child {
	pid_t pid;           /* 0: none */
	int pid_fd;          /* readable once it ended */
	int print_fd[2];     /* by enum stage_stream; -1 once all was read */
	int signals;         /* how many of ours were passed on */
	int64_t deadline_ms; /* monotonic: its group is killed then; 0: never */
	int64_t timeout_ms;  /* monotonic: its group is asked to end then; 0: never */
	bool timed_out;
};

/* Starts it, its input /dev/null. */
int child_start(const struct child_spec *spec, struct child *out, struct mlops_error *err);
/* Passes on the signals that asked us to stop (stop.h) and were not passed on yet. */
void child_pass_signals(struct child *c);
/* Asks the group to end or kills it once its time is up. Milliseconds until the next of both, or -1. */
int child_check_deadline(struct child *c);
/* Waits for its end, which pid_fd told of, and forgets it. */
int child_reap(struct child *c, struct proc_result *out, struct mlops_error *err);
/* Kills the group of one that is not needed any more. */
void child_kill(struct child *c);
