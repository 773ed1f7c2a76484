/* Running one command of a stage. */
#pragma once

#include "base/err.h"

struct exec_spec {
	const char *command;    /* for sh -c */
	const char *dir;        /* absolute */
	const char *const *env; /* "NAME=value" on top of ours, NULL-terminated */
	int stdout_fd;          /* -1: ours */
	int keep_fd;            /* stays open in the command */
};

/*
 * Runs it in a process group of its own, its input /dev/null, to its end; the status into
 * *exit_status. A signal that asks us to stop (stop.h) is passed on to the group, which is killed
 * when it has not ended after a while.
 */
int exec_command(const struct exec_spec *spec, int *exit_status, struct mlops_error *err);
