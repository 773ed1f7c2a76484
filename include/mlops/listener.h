/*
 * MLflow's tracking API for the project itself, while a command runs: its unchanged clients then log to
 * the project's own database, and no server is started by hand.
 */
#pragma once

#include "mlops/error.h"
#include "mlops/export.h"

struct project;
struct listener;

/*
 * On a free port of 127.0.0.1, for who has its token alone. `run` (may be NULL) is the id of the one that
 * was started for them: it goes to the experiment that they choose before they log. *out is the caller's.
 */
MLOPS_API int mlops_listener_start(struct project *project, const char *run, struct listener **out,
				   struct mlops_error *err);
/* What MLflow calls the tracking URI, and its token; lent. */
MLOPS_API const char *mlops_listener_url(const struct listener *l);
MLOPS_API const char *mlops_listener_token(const struct listener *l);
/* Answers what it was asked, and ends. NULL is fine. */
MLOPS_API void mlops_listener_stop(struct listener *l);
