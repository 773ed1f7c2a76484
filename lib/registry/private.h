/* What the files of lib/registry share. */
#pragma once

#include "base/str.h"
#include "mlops/registry.h"
#include "project/project.h"
#include "registry/record.h"
#include "tracking/tracking.h"

#define FIRST_ALIAS "champion" /* of a model's first version */

DEFINE_CLEANUP(model_version, mlops_model_version_free)
#define autoversion __attribute__((cleanup(cleanup_model_version))) struct model_version

/* A name as mlops_model_register() wants it; `what` is "model" or "alias". */
int name_check(const char *what, const char *name, struct mlops_error *err);

/*
 * As mlops_roots_visit(), in pieces: what the work tree names; with it what the database names;
 * what git keeps.
 */
typedef int (*root_fn)(const struct root *root, void *arg, struct mlops_error *err);
int roots_in_tree(struct project *project, struct store *store, root_fn fn, void *arg,
		  struct mlops_error *err);
int roots_in_db(struct project *project, struct store *store, root_fn fn, void *arg,
		struct mlops_error *err);
int roots_in_git(struct project *project, struct store *store, root_fn fn, void *arg,
		 struct mlops_error *err);

/* The row of a model; MLOPS_ENOTFOUND with a suggestion. */
int model_row(struct db *db, const char *name, int64_t *row, struct mlops_error *err);
/* MLOPS_ENOTFOUND when the model has no such version. */
int version_load(struct db *db, int64_t model, int64_t number, struct model_version **out,
		 struct mlops_error *err);
void version_clear(struct model_version *v);
/* MLOPS_ENOTFOUND unless the model (`name` is for the message) has this version. */
int version_check(struct db *db, int64_t model, const char *name, int64_t number,
		  struct mlops_error *err);

struct signature;
/* The signatures kept beside a version; free with mlops_signatures_free(). */
int signatures_of(struct project *project, const struct model_version *v, struct signature **out,
		  size_t *n, struct mlops_error *err);

/* Points an alias of a model at a version that exists. */
int alias_put(struct db *db, int64_t model, const char *alias, int64_t version,
	      struct mlops_error *err);
/* MLOPS_ENOTFOUND with the aliases that there are; returns -1. */
int alias_fail_unknown(struct db *db, int64_t model, const char *name, const char *alias,
		       struct mlops_error *err);
