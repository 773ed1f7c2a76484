/* Taking over runs that another tracker recorded: each whole, or not at all. */
#pragma once

#include "mlops/import_runs.h"
#include "mlops/store.h"
#include "mlops/tracking.h"
#include "tracking/record.h"

struct placed_artifact;

/* One run. What the reader of another tracker's form knows of it is set by that, the rest is taking.c's. */
struct taking {
	struct db *db; /* the project's */
	struct store *store;
	struct runs_imported *out; /* counted there */
	const char *id, *name, *user;
	int64_t experiment;
	enum run_status status;
	int64_t start_ms, end_ms;
	bool deleted;
	const char *artifacts; /* folder of its files, which may not be there; or NULL */
	/* Adds parameters, metrics and tags to the run, in the transaction that makes it. */
	int (*add_values)(struct taking *t, struct mlops_error *err);
	void *arg;          /* for that */
	struct run_key key; /* once it is there */
	bool present;       /* it was before: it gets what it has not */
	VEC(struct placed_artifact) placed;
};

int run_take(struct taking *t, struct mlops_error *err);
/* The experiment of that name, made when there is none, and then deleted if it is so there. */
int experiment_take(struct db *db, const char *name, bool deleted, int64_t *id, struct mlops_error *err);

/* What tracking cannot take (MLOPS_EINVALID) is told of, by its place, and the rest is taken. */
int take_or_warn(const char *place, int rc, struct mlops_error *err);
/* With their names and values checked; these warn. */
int take_param(const struct taking *t, const char *place, const char *key, const char *value, struct mlops_error *err);
int take_tag(const struct taking *t, const char *place, const char *key, const char *value, struct mlops_error *err);

/* Calls fn with each file in a folder and below it, by its path and by its name from there. */
int take_each_file(const char *dir,
		   int (*fn)(const char *path, const char *name, void *arg, struct mlops_error *err), void *arg,
		   struct mlops_error *err);
/* 32 hex digits. */
bool is_run_id(const char *id);
