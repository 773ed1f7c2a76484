/*
 * What the server's clients do to the registry, as rows: each function is called within a
 * transaction of the caller's. The texts of errors are those that MLflow's clients know.
 */
#pragma once

#include "mlops/registry.h"
#include "tracking/search/kind.h"

struct db;

extern const struct search_kind search_models, search_versions;

/* MLOPS_ENOTFOUND. */
int model_find(struct db *db, const char *name, int64_t *row, struct mlops_error *err);
/* MLOPS_EEXISTS. */
int model_create(struct db *db, const char *name, const char *description, int64_t *row,
		 struct mlops_error *err);
int model_rename(struct db *db, int64_t row, const char *name, struct mlops_error *err);
int model_describe(struct db *db, int64_t row, const char *description, struct mlops_error *err);
/* With all its versions; not while one of them is deployed. */
int model_delete(struct db *db, int64_t row, const char *name, struct mlops_error *err);
int model_set_tag(struct db *db, int64_t row, const char *key, const char *value,
		  struct mlops_error *err);
int model_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err);

struct version_create {
	int64_t model;
	const char *name;        /* of the model */
	const char *source;      /* a URI */
	const char *run_id, *run_link, *description, *logged_model; /* or NULL */
	struct object_ref ref;
};
struct version_key {
	int64_t row, model, number;
};
int version_create(struct db *db, const struct version_create *how, struct version_key *out,
		   struct mlops_error *err);
int version_find(struct db *db, const char *name, int64_t number, struct version_key *out,
		 struct mlops_error *err);
int version_describe(struct db *db, const struct version_key *v, const char *description,
		     struct mlops_error *err);
/* It becomes retired, which is not undone, and loses its aliases; not while it is deployed. */
int version_delete(struct db *db, const struct version_key *v, const char *name,
		   struct mlops_error *err);
/* MLOPS_ENO when a revision that is not over has it; 0: any version of the model. */
int version_check_not_deployed(struct db *db, const char *name, int64_t number,
			       struct mlops_error *err);
/* With `archive` the others of that stage are archived. */
int version_set_stage(struct db *db, const struct version_key *v, const char *name,
		      enum model_stage stage, bool archive, struct mlops_error *err);
int version_set_tag(struct db *db, const struct version_key *v, const char *key, const char *value,
		    struct mlops_error *err);
int version_delete_tag(struct db *db, const struct version_key *v, const char *key,
		       struct mlops_error *err);
/* The version that an alias means; 0: there is no such alias. */
int alias_find(struct db *db, int64_t model, const char *alias, int64_t *version,
	       struct mlops_error *err);
int alias_set(struct db *db, const struct version_key *v, const char *name, const char *alias,
	      struct mlops_error *err);
int alias_delete(struct db *db, int64_t model, const char *name, const char *alias,
		 struct mlops_error *err);
