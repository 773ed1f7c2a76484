/* The gateway (mlops serve --control) that answers for a deployment on this machine, whatever is behind it. */
#pragma once

#include "deploy/deploy.h"

/* A file in the deployment's folder; new. */
char *front_file(const struct target_call *call, const char *file);
/*
 * Takes a revision in, which lies at `where`: a folder, or the URL of an HTTP server. The gateway is
 * started when it is not there; a canary goes through its steps. As struct target's apply().
 */
int front_apply(const struct target_call *call, const struct revision *r, const char *where,
		const struct json *config, int64_t timeout_ms, struct mlops_error *err);
int front_status(const struct target_call *call, struct target_state *out, struct mlops_error *err);
/* What lies beside it in the folder stays. */
int front_stop(const struct target_call *call, struct mlops_error *err);
