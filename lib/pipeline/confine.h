/*
 * What stands in front of a stage's commands: `mlops isolate` for one with `sandbox: true`, whose
 * outs are moved out of the sandbox afterwards, or `mlops trace` to find files that a stage reads
 * and does not declare.
 */
#pragma once

#include "pipeline/session.h"

/* The arguments in front of the command, NULL-terminated, in the arena; *out NULL: none. */
int confine_prefix(struct session *run, const struct state *s, struct arena *arena,
		   const char *const **out, struct mlops_error *err);
/* Makes things ready before the first command of a try. */
int confine_begin(struct session *run, const struct state *s, struct mlops_error *err);
/* After the last command: brings the outs home, tells of undeclared files. */
int confine_end(struct session *run, const struct state *s, struct mlops_error *err);
