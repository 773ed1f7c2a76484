/* Speaking to a gateway (mlops serve --control) through its control socket; see serve/control.c. */
#pragma once

#include "deploy/deploy.h"

/* state->running is false, and 0 returned, when nobody listens there. */
int gatewayctl_status(const char *socket, struct target_state *state, struct mlops_error *err);
/* Returns when the revision serves; MLOPS_ENO with the gateway's reason when it does not. */
int gatewayctl_apply(const char *socket, const struct revision *revision, const char *model_dir,
		     int64_t timeout_ms, struct mlops_error *err);
/* Asks it to finish and waits until its process is gone, killing it after a while. */
int gatewayctl_stop(const char *socket, struct mlops_error *err);
