/* The variables by which MLflow's clients in a command that we run find this project. */
#pragma once

#include "base/vec.h"
#include "mlops/listener.h"

struct tracking_env {
	struct listener *listener; /* NULL: the environment names another server, which is left alone */
	struct strlist list;
	const char **env; /* of the list, NULL-terminated */
};

/* `run` (may be NULL) is what the command logs to, `experiment` where it starts runs of its own. */
int tracking_env_open(struct project *project, const char *run, const char *experiment,
		      struct tracking_env *out, struct mlops_error *err);
void tracking_env_close(struct tracking_env *env);
