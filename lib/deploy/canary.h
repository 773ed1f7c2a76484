/* A new revision gets the traffic in steps, and its gates are checked between them. */
#pragma once

#include "deploy/deploy.h"

bool canary_wanted(const struct json *config);
/* MLOPS_EINVALID when there are steps or gates and no canary that they could be of. */
int canary_check(const struct json *config, struct mlops_error *err);
/*
 * Takes `next`, which serves without traffic beside `active` behind the gateway of that control
 * socket, through the steps of the config, until it has all of it. When a gate does not pass `active`
 * has all of it again, the other is ended, and MLOPS_ENO tells why.
 */
int canary_run(const char *socket, const struct target_call *call, const struct revision *next,
	       const struct json *config, struct mlops_error *err);
