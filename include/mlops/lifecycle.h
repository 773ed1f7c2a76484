/* The life of a model's versions: stages and what they ask for, approvals, events, search. */
#pragma once

#include "mlops/registry.h"

/* "none", "staging", "production", "archived", "retired"; static. */
MLOPS_API const char *mlops_model_stage_name(enum model_stage stage);

/* One thing that a stage asks of a version. */
struct stage_check {
	char *text;  /* "accuracy >= 0.9" */
	char *found; /* what the version has: "0.93" */
	bool holds;
};

struct stage_verdict {
	char *model;
	int64_t version;
	enum model_stage from, to;
	struct stage_check *checks;
	size_t n;
	bool passed;       /* all of them hold */
	int64_t *archived; /* the versions that were in the stage, when they were to go */
	size_t n_archived;
};

struct promote_how {
	const char *stage; /* "staging" or "production" */
	bool archive;      /* the versions that are in the stage */
	bool dry_run;      /* judge only */
};

/*
 * Moves a version ("wine:3", "wine@candidate") on to a stage if it has what the stage asks for;
 * (*out)->passed tells. Staging asks for what `model.staging` says of its metrics, such as
 * "accuracy >= 0.9, loss < @champion"; production for that, for `model.production`, and for
 * `model.approvals` approvals (1) by users whom `role.<model.approver>` names, other than the one who
 * registered it. `model.NAME.staging` and so on hold for one model. Rules are those of
 * .mlops/config: set elsewhere they are MLOPS_EINVALID.
 */
MLOPS_API int mlops_model_promote(struct project *project, const char *spec,
				  const struct promote_how *how, struct stage_verdict **out,
				  struct mlops_error *err);
MLOPS_API void mlops_stage_verdict_free(struct stage_verdict *verdict); /* NULL is fine */

/* Approves a version for production; MLOPS_EAUTH for one who has not got the role. */
MLOPS_API int mlops_model_approve(struct project *project, const char *spec, const char *comment,
				  struct model_version **out, struct mlops_error *err);

enum model_change {
	MODEL_DEPRECATE, /* it may be used, but should not be */
	MODEL_ARCHIVE,   /* it is not to be used, and not the newest of its model any more */
	MODEL_RESTORE,   /* undoes both; it is in no stage then */
	MODEL_RETIRE,    /* it is gone for good; its bytes are kept for it no longer */
};

struct change_how {
	enum model_change what;
	const char *reason; /* for the events of the model; may be NULL */
	bool dry_run;       /* see whether it can be done */
};

/*
 * What is so already stays so. To retire one that is deployed, or that an alias means, and to change
 * one that is retired, is MLOPS_ENO.
 */
MLOPS_API int mlops_model_change(struct project *project, const char *spec,
				 const struct change_how *how, struct model_version **out,
				 struct mlops_error *err);

/* What was done to models, from the audit trail. */
struct model_event {
	int64_t at_ms;
	char *user;
	char *action;  /* "model.promote" */
	char *subject; /* "wine:3", "wine@champion" */
	char *detail;
};

/* Of a model, or with ":3" or "@alias" of one version; NULL: of all. Oldest first. */
MLOPS_API int mlops_model_events(struct project *project, const char *spec,
				 struct model_event **out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_model_events_free(struct model_event *events, size_t n);

/* What versions are to be like; NULL: anything. */
struct model_query {
	const char *text;  /* in the name or description of the model, the path, or an alias */
	const char *stage; /* NULL: any but archived and retired */
	const char *where; /* of its metrics, as a rule has it */
	bool deprecated;   /* only those */
};

/* By name, newest version first. */
MLOPS_API int mlops_models_search(struct project *project, const struct model_query *query,
				  struct model_version ***out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_model_versions_free(struct model_version **versions, size_t n);
