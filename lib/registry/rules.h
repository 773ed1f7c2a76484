/* What stages ask of versions: conditions on metrics, and approvals. */
#pragma once

#include "base/vec.h"
#include "mlops/lifecycle.h"
#include "registry/private.h"

struct checks {
	VEC(struct stage_check) v;
};

/*
 * Judges the metrics of a version by conditions such as "accuracy >= 0.9, loss < @champion": a key, one
 * of >= <= > < == !=, a number or an alias of the model, whose version has the number then. What is
 * compared with an alias that there is not, or means the version itself, holds.
 */
int rules_judge(struct db *db, const struct model_version *v, const char *rule, struct checks *out,
		struct mlops_error *err);
/* All that a stage asks for. MLOPS_EINVALID when the settings do not say what staging asks for. */
int rules_of_stage(struct project *project, struct db *db, const struct model_version *v,
		   enum model_stage stage, struct checks *out, struct mlops_error *err);
bool checks_hold(const struct checks *c);
void checks_clear(struct checks *c);

/* Whether we have the role that approves; *role is its name, lent. */
int rules_may_approve(struct project *project, const char *model, bool *may, const char **role,
		      struct mlops_error *err);
