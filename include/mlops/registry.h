/* Models and their versions (MLflow's meaning), in the project's database. */
#pragma once

#include "mlops/remote.h"
#include "mlops/tracking.h"

enum model_stage {
	MODEL_NONE,
	MODEL_STAGING,
	MODEL_PRODUCTION,
	MODEL_ARCHIVED, /* not to be used */
	MODEL_RETIRED,  /* for good */
};

/* That it may go into production. */
struct model_approval {
	char *user, *comment;
	int64_t at_ms;
};

struct model_version {
	char *model;
	int64_t version; /* from 1 */
	enum model_stage stage;
	char *user;       /* who registered it */
	char *deprecated; /* why it should not be used ("": no reason is given), or NULL */
	struct model_approval *approvals; /* by user */
	size_t n_approvals;
	struct object_ref ref;
	char *path;       /* where the object was in the work tree */
	char *run_id;     /* or NULL */
	char *git_commit; /* or NULL */
	int64_t created_ms;
	char **aliases; /* sorted */
	size_t n_aliases;
	struct run_object *inputs; /* the data it was made from */
	size_t n_inputs;
	struct run_metric *metrics; /* of its run, the latest of each key */
	size_t n_metrics;
};

struct model {
	char *name;
	char *description;
	int64_t created_ms;
	struct model_version *versions; /* newest first */
	size_t n;
};

struct hub_how;
struct register_how {
	const char *run;  /* as mlops_run_get() takes it, or NULL */
	const char *path; /* the output of that run, or a path of the work tree; NULL: the run's one model */
	const char *url;  /* instead: what a hub has (mlops/hub.h), which is fetched into the store; or NULL */
	const struct hub_how *hub; /* for that; NULL: all of it */
	const char *alias; /* NULL: "champion" for the first version, none after */
};

/*
 * Registers a new version; the model is made when absent. Names are [A-Za-z0-9._-], not starting
 * with '.' or '-', at most 250 bytes. *out is the caller's; free with mlops_model_version_free().
 */
MLOPS_API int mlops_model_register(struct project *project, const char *name,
				   const struct register_how *how, struct model_version **out,
				   struct mlops_error *err);
/* "wine" (its newest that is usable, or its newest), "wine@champion", "wine:3" (a version). */
MLOPS_API int mlops_model_resolve(struct project *project, const char *spec,
				  struct model_version **out, struct mlops_error *err);
/*
 * MLOPS_ENO for one that is archived or retired, which nothing new is to use; warns of one that is
 * deprecated.
 */
MLOPS_API int mlops_model_check_usable(const struct model_version *version, struct mlops_error *err);
MLOPS_API void mlops_model_version_free(struct model_version *version);
MLOPS_API int mlops_model_get(struct project *project, const char *name, struct model **out,
			      struct mlops_error *err);
MLOPS_API int mlops_models_list(struct project *project, struct model ***out, size_t *n,
				struct mlops_error *err);
MLOPS_API void mlops_model_free(struct model *model);
MLOPS_API void mlops_models_free(struct model **models, size_t n);
/* Points an alias at a version, or with version 0 removes it. */
MLOPS_API int mlops_model_set_alias(struct project *project, const char *name, const char *alias,
				    int64_t version, struct mlops_error *err);

struct root {
	struct object_ref ref;
	struct object_place place; /* as far as it is known by itself: that of an out */
	const char *why;           /* such as "data/wine.csv" or "model wine:1" */
	bool is_out;               /* of a stage, in mlops.lock or a run */
};
/*
 * Every ref that the project names: pointers, mlops.lock, run inputs and outputs, model versions,
 * deployment revisions. What push sends and verify checks. Stops when fn returns
 * non-zero.
 */
MLOPS_API int mlops_roots_visit(struct project *project,
				int (*fn)(const struct root *root, void *arg,
					  struct mlops_error *err),
				void *arg, struct mlops_error *err);
/*
 * The same, and all that git keeps or has staged, in every work tree: what gc keeps. One ref may come
 * many times.
 */
MLOPS_API int mlops_roots_visit_kept(struct project *project,
				     int (*fn)(const struct root *root, void *arg,
					       struct mlops_error *err),
				     void *arg, struct mlops_error *err);
/* All of them with their places, where an out's objects are also what other roots name; new. */
MLOPS_API int mlops_roots_placed(struct project *project, struct placed_ref **out, size_t *n,
				 struct mlops_error *err);

/*
 * Fetches what the project names and the store lacks, and then the objects `lost` (of which the
 * size need not be known). What the remote lacks or holds damaged stays missing; that is no error.
 */
MLOPS_API int mlops_repair(struct project *project, const struct oid *lost, size_t n,
			   const struct transfer_how *how, struct transfer_counts *counts,
			   struct mlops_error *err);

/*
 * Collects what nothing names: no commit that git keeps for a branch, tag, stash or log, no index
 * of git, work tree, run, model version or deployment, in any project that uses the store. The
 * project is locked alone; nobody else may use the store meanwhile, which is waited for.
 * MLOPS_ENO when a tree that is named now is not here, so that what is below it is not known.
 */
MLOPS_API int mlops_gc(struct project *project, const struct gc_how *how, struct gc_counts *counts,
		       struct mlops_error *err);
