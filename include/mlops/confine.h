/*
 * Running a program so that what it opens is known, or so that it sees only a part of the project.
 * Both replace the calling process's program or wait for it, and are for `mlops trace` and
 * `mlops isolate`, which pipelines start in front of a stage's command.
 */
#pragma once

#include <stddef.h>

#include "mlops/error.h"

/*
 * Runs argv (NULL-terminated, looked up in PATH) to its end and appends to `log` a record for each
 * file that it or a process of it opens: 'r' or 'w', the absolute path, a NUL. It uses ptrace(2),
 * and a seccomp filter so that other calls are not slowed. *status is its exit status, or 128 +
 * signal.
 */
MLOPS_API int mlops_trace(const char *const *argv, const char *log, int *status,
			  struct mlops_error *err);

struct isolation {
	const char *root;  /* absolute: the folder that is replaced */
	const char *stage; /* absolute: an empty folder that stands for it */
	const char *wdir;  /* relative to the root, made when absent; "" */
	const char *const *read, *const *write; /* relative paths that are there as they are */
	size_t n_read, n_write;
};
/*
 * Becomes argv with `stage` mounted over the root, in a mount namespace (and, without privileges, a
 * user namespace) of its own; returns only on failure. What it writes beside the given paths is in
 * the stage folder afterwards.
 */
MLOPS_API int mlops_isolate(const struct isolation *how, const char *const *argv,
			    struct mlops_error *err);
