/*
 * Experiments and runs in the project's database (MLflow's meaning). Every call is one
 * transaction: when it has returned, it is durable.
 */
#pragma once

#include "mlops/store.h"

#define MLOPS_RUN_ID 33 /* 32 hex digits and a NUL */

enum run_status { RUN_RUNNING, RUN_FINISHED, RUN_FAILED, RUN_KILLED, RUN_SCHEDULED };

struct run_pair {
	char *key, *value;
};

struct run_metric {
	char *key;
	double value;
	int64_t timestamp_ms, step;
};

/* An object that went in or came out. */
struct run_object {
	char *path;  /* relative to the root */
	char *stage; /* "" when none */
	struct object_ref ref;
	struct object_place place; /* of an output */
	bool is_model;
	bool not_cached; /* an output that is in git, not in the store */
};

/*
 * What the commands of a stage had of GPUs, by looks at them while they ran. The percent are those of
 * the time in which a device worked, the mean of the devices that they were on.
 */
struct run_gpu_usage {
	int64_t samples; /* looks that found them on a device; 0: nothing is known */
	double mean_percent, peak_percent;
	int64_t mean_bytes, peak_bytes; /* of all devices together */
};

/* What the commands of a stage used, with the processes that they waited for. */
struct run_usage {
	int64_t cpu_ms;     /* of user and system */
	int64_t peak_bytes; /* resident, of the largest process */
	int64_t read_bytes, written_bytes; /* from and to disks */
	struct run_gpu_usage gpu;
};

/* One stage of a pipeline run. */
struct run_stage {
	char *name;
	int64_t start_ms, duration_ms;
	int exit_status;
	bool cached; /* restored or already there, not executed */
	struct run_usage usage;
};

struct run {
	char id[MLOPS_RUN_ID];
	char *name;       /* adjective-noun-NNN unless given */
	char *experiment; /* name */
	char *user;
	enum run_status status;
	int64_t start_ms, end_ms; /* end_ms 0 while running */
	int exit_status;          /* -1 while it is not known: running, or killed */
	char *git_commit; /* 40 hex digits with "-dirty" behind when the work tree differed, or NULL */
	struct run_pair *params, *tags; /* sorted by key */
	struct run_metric *metrics;     /* the latest of each key, sorted by key */
	struct run_object *inputs, *outputs;
	struct run_stage *stages;
	size_t n_params, n_tags, n_metrics, n_inputs, n_outputs, n_stages;
};

struct run_new {
	const char *experiment; /* name; NULL: "Default" */
	const char *name;       /* NULL: made up */
	const char *git_commit; /* NULL: read from the project's git repository */
	bool no_process;        /* it is ended by a call of mlops_run_end(), not with a process */
};

/* Starts a run (status RUNNING); its id into `id`. */
MLOPS_API int mlops_run_start(struct project *project, const struct run_new *how,
			      char id[MLOPS_RUN_ID], struct mlops_error *err);
MLOPS_API int mlops_run_end(struct project *project, const char *id, enum run_status status,
			    int exit_status, struct mlops_error *err);
/* Runs still RUNNING whose process is gone become KILLED. */
MLOPS_API int mlops_runs_reap(struct project *project, struct mlops_error *err);

/*
 * Keys are UTF-8 without control characters, of 1 to 250 bytes; values are UTF-8 of at most 64 KiB.
 * A parameter is set once; the same value again is fine, another is MLOPS_EEXISTS.
 */
MLOPS_API int mlops_run_log_param(struct project *project, const char *id, const char *key,
				  const char *value, struct mlops_error *err);
/* Appends points; the same point again is ignored. timestamp_ms 0 means now. */
MLOPS_API int mlops_run_log_metrics(struct project *project, const char *id,
				    const struct run_metric *metrics, size_t n,
				    struct mlops_error *err);
MLOPS_API int mlops_run_set_tag(struct project *project, const char *id, const char *key,
				const char *value, struct mlops_error *err);
/* MLOPS_ENOTFOUND when it has no such tag. */
MLOPS_API int mlops_run_delete_tag(struct project *project, const char *id, const char *key,
				   struct mlops_error *err);
/* A deleted run is in no list, as in MLflow, and can be had back; what it has is kept. */
MLOPS_API int mlops_run_set_deleted(struct project *project, const char *id, bool deleted,
				    struct mlops_error *err);
MLOPS_API int mlops_run_add_object(struct project *project, const char *id, bool is_output,
				   const struct run_object *object, struct mlops_error *err);
MLOPS_API int mlops_run_add_stage(struct project *project, const char *id,
				  const struct run_stage *stage, struct mlops_error *err);

/*
 * Finds a run by id, unique id prefix (4 digits or more), name, or "last", and puts its id into
 * `id`. None is MLOPS_ENOTFOUND, more than one MLOPS_EINVALID.
 */
MLOPS_API int mlops_run_find(struct project *project, const char *which, char id[MLOPS_RUN_ID],
			     struct mlops_error *err);
/* The same, all of it. *out is the caller's; free with mlops_run_free(). */
MLOPS_API int mlops_run_get(struct project *project, const char *which, struct run **out,
			    struct mlops_error *err);
MLOPS_API void mlops_run_free(struct run *run);

struct run_query {
	const char *experiment; /* NULL: all; one that does not exist is MLOPS_ENOTFOUND */
	const char *filter;     /* as in MLflow's searches, "metrics.acc > 0.9 AND ..."; NULL: all */
	size_t limit;           /* 0: all */
};
/* Newest first, without those that were deleted. Free with mlops_runs_free(). */
MLOPS_API int mlops_runs_list(struct project *project, const struct run_query *query,
			      struct run ***out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_runs_free(struct run **runs, size_t n);
/* All points of one metric, by step; *out is the caller's, free with mlops_metrics_free(). */
MLOPS_API int mlops_run_history(struct project *project, const char *id, const char *key,
				struct run_metric **out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_metrics_free(struct run_metric *metrics, size_t n);

struct run_follow; /* what was seen of one run */
MLOPS_API struct run_follow *mlops_run_follow_new(void);
MLOPS_API void mlops_run_follow_free(struct run_follow *follow); /* NULL is fine */
/*
 * The points that were logged since the last call, at first all, in the order of their times. One
 * whose time is before that of a point of its metric which was given is not. *out is the
 * caller's, to be given to free(); its keys are lent by `follow`.
 */
MLOPS_API int mlops_run_follow_read(struct project *project, const char *id,
				    struct run_follow *follow, struct run_metric **out, size_t *n,
				    struct mlops_error *err);

MLOPS_API const char *mlops_run_status_name(enum run_status status); /* "FINISHED"; static */
