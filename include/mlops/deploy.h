/* Deployments: a named service on a target, with an immutable history of revisions. */
#pragma once

#include "mlops/registry.h"

enum revision_status {
	REVISION_PENDING,    /* being brought up; its gate has not passed */
	REVISION_ACTIVE,     /* serves */
	REVISION_SUPERSEDED, /* served, until a later one took over */
	REVISION_FAILED,     /* its gate failed; it never served */
};

struct revision {
	int64_t number; /* from 1 */
	char *model;
	int64_t version;
	struct object_ref ref;
	int64_t workers;
	char *config; /* JSON: what mlops.yaml(5) lets the target know, as it was written */
	char *package; /* what the target got the model as, such as an image by its digest; or NULL */
	enum revision_status status;
	int64_t rollback_of; /* the revision that this one equals, or 0 */
	char *user;
	char *reason; /* why it failed, or NULL */
	int64_t created_ms, ended_ms;
};

struct deployment {
	char *name, *target;
	char *url;    /* where it answers, or NULL when it is down */
	int64_t port; /* that it keeps over restarts, or 0 before the first start */
	bool running;
	struct revision *revisions; /* newest first */
	size_t n;
};

#define DEPLOY_TARGET      "local" /* that is meant when none is named */
#define DEPLOY_WORKERS_MAX 256

/* What a deployment is to be. */
struct deploy_how {
	const char *model;  /* as mlops_model_resolve() takes it */
	const char *target; /* NULL: the one it has, else DEPLOY_TARGET */
	const char *name;   /* [A-Za-z0-9._-], at most 63 bytes; NULL: the model's name */
	int64_t workers;    /* worker processes; 0: 1 */
	int64_t port;       /* 0: the one it had, else a free one */
	int64_t timeout_ms; /* of the health gate; 0: 30 s */
	const char *config; /* as struct revision has it; NULL: the one it has, else "{}" */
};

/* What `deployments` of mlops.yaml(5) say; none when there is no such file. */
struct deploy_specs {
	struct deploy_how *v;
	size_t n;
	struct arena *arena; /* the texts' */
};

/* MLOPS_EINVALID with the place of what is wrong. *out is the caller's. */
MLOPS_API int mlops_deploy_specs_load(struct project *project, struct deploy_specs **out,
				      struct mlops_error *err);
/* Lent, or NULL. */
MLOPS_API const struct deploy_how *mlops_deploy_specs_find(const struct deploy_specs *specs, const char *name);
MLOPS_API void mlops_deploy_specs_free(struct deploy_specs *specs); /* NULL is fine */

enum deploy_action {
	DEPLOY_NOTHING, /* it is as it is to be */
	DEPLOY_CREATE,
	DEPLOY_UPDATE,
	DEPLOY_START, /* it is as it is to be, but down */
};

struct deploy_change {
	char *what;           /* "model", "workers", "env.LOG_LEVEL" */
	char *before, *after; /* NULL: not said */
};

struct deploy_plan {
	char *name, *target;
	enum deploy_action action;
	struct deploy_change *changes;
	size_t n;
};

/* What mlops_deploy() would change; changes nothing. *out is the caller's. */
MLOPS_API int mlops_deploy_plan(struct project *project, const struct deploy_how *how,
				struct deploy_plan **out, struct mlops_error *err);
MLOPS_API void mlops_deploy_plan_free(struct deploy_plan *plan); /* NULL is fine */
MLOPS_API const char *mlops_deploy_action_name(enum deploy_action action); /* static */

/*
 * What deploying would make on the target, as YAML documents, for others to apply (new); with `send` the
 * model's package goes to its registry. Nothing is recorded. MLOPS_EUSAGE when the target has no such form.
 */
MLOPS_API int mlops_deploy_export(struct project *project, const struct deploy_how *how, bool send,
				  char **yaml, struct mlops_error *err);

/*
 * Brings up a new revision, waits for its health gate, and moves traffic to it. When the gate
 * fails the old revision keeps serving and MLOPS_ENO is returned. *out (may be NULL) is the
 * caller's; free with mlops_deployment_free().
 */
MLOPS_API int mlops_deploy(struct project *project, const struct deploy_how *how,
			   struct deployment **out, struct mlops_error *err);
/* A new revision equal to `revision` (0: the one that served before the active one). */
MLOPS_API int mlops_rollback(struct project *project, const char *name, int64_t revision,
			     int64_t timeout_ms, struct deployment **out, struct mlops_error *err);
/* Stops serving, after what is in flight was answered; the history is kept. */
MLOPS_API int mlops_undeploy(struct project *project, const char *name, struct mlops_error *err);
/* The revision that serves, or would when it is down; NULL when it was undeployed. Lent. */
MLOPS_API const struct revision *mlops_deployment_active(const struct deployment *deployment);
MLOPS_API int mlops_deployment_get(struct project *project, const char *name,
				   struct deployment **out, struct mlops_error *err);
MLOPS_API int mlops_deployments_list(struct project *project, struct deployment ***out, size_t *n,
				     struct mlops_error *err);
MLOPS_API void mlops_deployment_free(struct deployment *deployment);
MLOPS_API void mlops_deployments_free(struct deployment **deployments, size_t n);
MLOPS_API const char *mlops_revision_status_name(enum revision_status status); /* static */
