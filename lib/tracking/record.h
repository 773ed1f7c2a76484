/*
 * What a server records, as rows: each function is called within a transaction of the caller's. The
 * texts of errors are those that MLflow's clients know.
 */
#pragma once

#include "tracking/tracking.h"

/* Where artifacts of experiment e go, in SQL. */
#define EXPERIMENT_LOCATION "ifnull(e.artifact_location, 'mlflow-artifacts:/' || e.id)"

struct experiment {
	int64_t id;
	char *name, *location; /* where artifacts go, as a URI */
	int64_t created_ms, updated_ms;
	int64_t deleted_ms; /* 0: it is not */
	struct run_pair *tags;
	size_t n_tags;
};

/* MLOPS_ENOTFOUND. Free with experiment_clear(). */
int experiment_load(struct db *db, int64_t id, struct experiment *out, struct mlops_error *err);
void experiment_clear(struct experiment *e);
/* 1 with its row, or 0. */
int experiment_find(struct db *db, const char *name, int64_t *id, struct mlops_error *err);
/* `location` NULL: under the artifact proxy. MLOPS_EEXISTS. */
int experiment_create(struct db *db, const char *name, const char *location, int64_t *id,
		      struct mlops_error *err);
/* Row 0, where runs go that name none; fine when it is there, by whatever name. */
int experiment_make_default(struct db *db, struct mlops_error *err);
int experiment_rename(struct db *db, int64_t id, const char *name, struct mlops_error *err);
/* With all its runs. */
int experiment_set_deleted(struct db *db, int64_t id, bool deleted, struct mlops_error *err);
int experiment_set_tag(struct db *db, int64_t id, const char *key, const char *value,
		       struct mlops_error *err);
int experiment_delete_tag(struct db *db, int64_t id, const char *key, struct mlops_error *err);

#define RUN_NAME_TAG "mlflow.runName"

struct run_create {
	const char *id; /* NULL: made */
	int64_t experiment, start_ms;
	const char *name; /* NULL: made up */
	const char *user;
};
int run_create(struct db *db, const struct run_create *how, struct run_key *out,
	       struct mlops_error *err);
/* NULL, 0 or a negative status: as it was. */
int run_change(struct db *db, int64_t row, int status, int64_t end_ms, const char *name,
	       struct mlops_error *err);
int run_set_deleted(struct db *db, int64_t row, bool deleted, struct mlops_error *err);
/* Finds by the exact id; MLOPS_ENOTFOUND. *deleted_ms (may be NULL) is 0 when it is not deleted. */
int run_lookup(struct db *db, const char *id, int64_t *row, int64_t *deleted_ms,
	       struct mlops_error *err);
/* A parameter is set once: another value is MLOPS_EINVALID. */
int run_put_param(struct db *db, const struct run_key *run, const char *key, const char *value,
		  struct mlops_error *err);
int run_put_tag(struct db *db, int64_t row, const char *key, const char *value,
		struct mlops_error *err);
/* MLOPS_ENOTFOUND when there is none. */
int run_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err);
/* Pairs of key and value that a query gives; the caller frees them with run_pairs_free(). */
int run_load_pairs(struct db *db, const char *sql, int64_t row, struct run_pair **out, size_t *n,
		   struct mlops_error *err);
void run_pairs_free(struct run_pair *pairs, size_t n);
