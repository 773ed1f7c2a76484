/* Monitors: how they are read from mlops.yaml, and how a value moves an alert on. */
#pragma once

#include "base/err.h"
#include "mlops/alert.h"

/* Reads `monitors` of a project's mlops.yaml into `out`, whose arena is there. */
int rules_load(struct project *project, struct alerts *out, struct mlops_error *err);
/* What is watched, into alert->value. */
int rule_measure(struct project *project, struct alert *alert, struct mlops_error *err);
/* Moves state and since_ms on, given the value as of `now_ms`. */
void alert_step(struct alert *alert, int64_t now_ms);
