/* Speaking to a gateway (mlops serve --control) through its control socket; see serve/control.c. */
#pragma once

#include "deploy/deploy.h"

/* state->running is false, and 0 returned, when nobody listens there. */
int gatewayctl_status(const char *socket, struct target_state *state, struct mlops_error *err);
/*
 * Returns when the revision serves, in place of others or `beside` them with no traffic yet; MLOPS_ENO
 * with the gateway's reason when it does not.
 */
int gatewayctl_apply(const char *socket, const struct revision *revision, const char *model_dir,
		     int64_t timeout_ms, bool beside, struct mlops_error *err);
/* Gives `percent` of the requests to a revision and the rest to another, which ends when that is none. */
int gatewayctl_share(const char *socket, int64_t revision, int64_t percent, int64_t other,
		     struct mlops_error *err);
struct revision_answers {
	int64_t all, errors; /* 5xx */
};
/* What a revision answered so far. */
int gatewayctl_answers(const char *socket, int64_t revision, struct revision_answers *out,
		       struct mlops_error *err);
/* Asks it to finish and waits until its process is gone, killing it after a while. */
int gatewayctl_stop(const char *socket, struct mlops_error *err);
