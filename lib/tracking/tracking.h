/*
 * What the parts above share with tracking: how an object ref lies in a table, and the pieces of
 * a run that a model version shows too.
 */
#pragma once

#include "db/db.h"
#include "mlops/tracking.h"

/* The columns of a ref, their bind format, and a ref as the values to bind. */
#define REF_COLUMNS "kind, executable, oid, size, files"
#define REF_FORMAT "iibii"
#define REF_VALUES(ref)                                                                            \
	(int64_t)(ref)->kind, (int64_t)(ref)->executable, (const void *)(ref)->oid.sha256,         \
		sizeof((ref)->oid.sha256), (int64_t)(ref)->size, (int64_t)(ref)->files
#define REF_N 5 /* columns */

/* Reads REF_COLUMNS from `column` on; MLOPS_ECORRUPT when they can't be a ref. */
int ref_read(struct db_stmt *stmt, int column, struct object_ref *out, struct mlops_error *err);

/* A run as its row and its id. */
struct run_key {
	int64_t row;
	char id[MLOPS_RUN_ID];
};

/* Finds as mlops_run_find() does. */
int run_find(struct db *db, const char *which, struct run_key *out, struct mlops_error *err);
int run_load(struct db *db, int64_t row, struct run **out, struct mlops_error *err);
/* Pieces of it; the arrays are the caller's. */
int run_load_objects(struct db *db, int64_t row, bool outputs, struct run_object **out, size_t *n,
		     struct mlops_error *err);
int run_load_metrics(struct db *db, int64_t row, struct run_metric **out, size_t *n,
		     struct mlops_error *err);
/* Appends points; the same point again is ignored. timestamp_ms 0 means now. */
int run_add_metrics(struct db *db, int64_t run, const struct run_metric *metrics, size_t n,
		    struct mlops_error *err);
/* Copies the metrics, with their history, that `to` has none of. */
int run_copy_metrics(struct db *db, int64_t to, int64_t from, struct mlops_error *err);
void run_objects_free(struct run_object *objects, size_t n);

/* Calls fn for each input and output of every run, with its run's id. */
int run_objects_each(struct db *db,
		     int (*fn)(const struct run_object *object, bool is_output, const char *run_id,
			       void *arg, struct mlops_error *err),
		     void *arg, struct mlops_error *err);
