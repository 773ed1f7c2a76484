/*
 * mlops.lock: what each pipeline stage last ran with and gave (mlops-lock(5)). Committed to git;
 * stable order, one stage a block, so that it merges.
 */
#pragma once

#include "mlops/store.h"

struct lock_item {
	char *path; /* relative to the root */
	struct object_ref ref;
	struct object_place place; /* of an out */
	bool is_model; /* an out declared with type: model */
	bool not_cached; /* an out that is in git, not in the store */
};

struct lock_param {
	char *file, *key, *value; /* value: compact JSON text */
};

struct lock_stage {
	char *name;
	char *cmd; /* as run, one command a line */
	struct lock_item *deps, *outs; /* sorted by path */
	size_t n_deps, n_outs;
	struct lock_param *params; /* sorted by file, key */
	size_t n_params;
};

struct lockfile {
	struct lock_stage *stages; /* sorted by name */
	size_t n;
};

/* Reads <root>/mlops.lock; an absent file gives an empty one. Clear it in either case. */
MLOPS_API int mlops_lockfile_read(struct project *project, struct lockfile *out,
				  struct mlops_error *err);
/* The same from text in memory; `what` names it in messages. */
MLOPS_API int mlops_lockfile_parse(const char *what, const char *text, size_t n,
				   struct lockfile *out, struct mlops_error *err);
/* Replaces the file atomically. */
MLOPS_API int mlops_lockfile_write(struct project *project, const struct lockfile *lock,
				   struct mlops_error *err);
MLOPS_API struct lock_stage *mlops_lockfile_find(struct lockfile *lock, const char *stage);
/* Adds or replaces a stage; takes what it owns. */
MLOPS_API void mlops_lockfile_put(struct lockfile *lock, struct lock_stage *stage);
MLOPS_API void mlops_lockfile_remove(struct lockfile *lock, const char *stage);
MLOPS_API void mlops_lock_stage_clear(struct lock_stage *stage);
MLOPS_API void mlops_lockfile_clear(struct lockfile *lock);
