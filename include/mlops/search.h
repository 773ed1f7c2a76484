/*
 * Searches: one pipeline run many times with other parameters, each time (a trial) in a work tree of
 * its own. A search is a run, the parent of its trials' runs; its trials wait in the project's
 * database until workers take them.
 */
#pragma once

#include "mlops/pipeline.h"

enum search_method { SEARCH_GRID, SEARCH_RANDOM, SEARCH_TPE };
enum search_pruner { PRUNER_NONE, PRUNER_MEDIAN, PRUNER_HALVING };
enum trial_status { TRIAL_QUEUED, TRIAL_RUNNING, TRIAL_DONE, TRIAL_FAILED, TRIAL_PRUNED };
#define TRIAL_STATUSES 5

struct search_new {
	const char *const *spaces; /* "[FILE:]KEY=SPACE" (mlops-exp(1)) */
	size_t n_spaces;
	const char *const *targets; /* stages to bring up to date; none: all */
	size_t n_targets;
	enum search_method method;
	int64_t trials; /* how many; a grid knows itself */
	uint64_t seed;
	const char *metric; /* what is to become least; may be NULL for a grid or random search */
	bool maximize;      /* ... or greatest */
	enum search_pruner pruner;
	const char *experiment, *name; /* of the run; may be NULL */
};

/*
 * Takes a snapshot of the work tree, with what is not committed, and queues trials that start from
 * it; the work tree and git's index stay as they are. The id of the search's run into `id`. Tracked
 * data that differs from its pointers is MLOPS_ENO.
 */
MLOPS_API int mlops_search_new(struct project *project, const struct search_new *how,
			       char id[MLOPS_RUN_ID], struct mlops_error *err);

struct search {
	char id[MLOPS_RUN_ID];
	char *name, *experiment;
	enum search_method method;
	uint64_t seed;
	struct run_pair *spaces; /* in the order given */
	char **targets;
	size_t n_spaces, n_targets;
	char *metric; /* or NULL */
	bool maximize;
	enum search_pruner pruner;
	char *snapshot;                /* the git commit that trials start from */
	int64_t start_ms, end_ms;      /* end_ms 0: not all trials have ended */
	size_t trials[TRIAL_STATUSES]; /* how many */
	int64_t best;                  /* number of the trial; 0: none is known */
	double best_value;
};

/* Finds a search by its run's id, the start of that, its name, or "last" (NULL: the same). */
MLOPS_API int mlops_search_get(struct project *project, const char *which, struct search **out,
			       struct mlops_error *err);
/* All, newest first. */
MLOPS_API int mlops_searches_list(struct project *project, struct search ***out, size_t *n,
				  struct mlops_error *err);
MLOPS_API void mlops_search_free(struct search *search); /* NULL is fine */
MLOPS_API void mlops_searches_free(struct search **searches, size_t n);

struct trial {
	char search_id[MLOPS_RUN_ID];
	char *search;   /* its name */
	int64_t number; /* from 1 */
	enum trial_status status;
	struct run_pair
		*params; /* in the order of the search's spaces; none before they are chosen */
	size_t n_params;
	char run_id[MLOPS_RUN_ID];  /* "": it has none */
	struct run_metric *metrics; /* the latest of each, by key */
	size_t n_metrics;
	int64_t start_ms, end_ms; /* 0: not yet */
	char *error;              /* why it failed; or NULL */
	char *snapshot;           /* the git commit that it ended as; NULL unless it is done */
};

struct search_work {
	const char *search;  /* work on this one alone; NULL: on all */
	int64_t jobs;        /* trials at a time */
	const char *program; /* the mlops program, which runs the trials */
	void (*report)(const struct trial *trial, void *arg); /* of one that ended; may be NULL */
	void *arg;
};

/*
 * Takes trials from the queue and runs them until it is empty; others may do the same at the same
 * time. What a worker that is gone had taken is in the queue again. SIGINT and SIGTERM put back what
 * runs and give MLOPS_EINTERRUPTED or MLOPS_ETERMINATED. `counts` tells how trials ended here.
 */
MLOPS_API int mlops_search_work(struct project *project, const struct search_work *how,
				size_t counts[TRIAL_STATUSES], struct mlops_error *err);
/* One of them, in the work tree at `slot`: what a process that a worker started does. */
MLOPS_API int mlops_trial_run(struct project *project, const char *search_id, int64_t number,
			      const char *slot, const char *program, struct mlops_error *err);

struct trial_query {
	const char *search; /* as for mlops_search_get() */
	const char *filter; /* a condition, as `if` in mlops.yaml(5); NULL: all */
	const char *sort;   /* a parameter or metric, "trial" or "duration"; NULL: by number */
	bool descending;
};

/* Trials without a value to sort by come last. */
MLOPS_API int mlops_trials_list(struct project *project, const struct trial_query *query,
				struct trial ***out, size_t *n, struct mlops_error *err);
/* Finds a trial by "SEARCH/NUMBER", its number in the newest search, or its run. */
MLOPS_API int mlops_trial_get(struct project *project, const char *which, struct trial **out,
			      struct mlops_error *err);
/* What it has under a key, lent; NULL when there is none. */
MLOPS_API const struct run_metric *mlops_trial_metric(const struct trial *trial, const char *key);
MLOPS_API const char *mlops_trial_param(const struct trial *trial, const char *key);
MLOPS_API void mlops_trial_free(struct trial *trial); /* NULL is fine */
MLOPS_API void mlops_trials_free(struct trial **trials, size_t n);

/* What was changed in the work tree. */
struct trial_applied {
	size_t files, outs;
};
/*
 * Puts a trial's result into the work tree: files of git that it changed (parameters, mlops.lock,
 * ...) and outputs. The project is locked. Changes that are in no commit, or outputs that are not
 * those of mlops.lock, are MLOPS_ENO with their names unless `force`, which stores such outputs.
 */
MLOPS_API int mlops_trial_apply(struct project *project, const char *which, bool force,
				struct trial_applied *out, struct mlops_error *err);
/* Makes a branch of git that ends in the trial's commit; nothing is checked out. MLOPS_EEXISTS. */
MLOPS_API int mlops_trial_branch(struct project *project, const char *which, const char *name,
				 struct mlops_error *err);
/* The objects of its outputs and of tracked data; the array is the caller's. */
MLOPS_API int mlops_trial_objects(struct project *project, const char *which,
				  struct placed_ref **out, size_t *n, struct mlops_error *err);
/* Pushes its commit, under the name of its ref (refs/mlops/exp/...), to a remote of git's. */
MLOPS_API int mlops_trial_push_commit(struct project *project, const char *which,
				      const char *remote, struct mlops_error *err);

struct trials_removed {
	size_t trials, searches;
};
/*
 * Forgets trials, with their runs and commits, and whole searches where those are named; all
 * searches when n is 0. One that runs is MLOPS_ELOCKED, and nothing is removed.
 */
MLOPS_API int mlops_trials_remove(struct project *project, const char *const *which, size_t n,
				  bool dry_run, struct trials_removed *out,
				  struct mlops_error *err);

MLOPS_API const char *mlops_trial_status_name(enum trial_status status);   /* "queued"; static */
MLOPS_API const char *mlops_search_method_name(enum search_method method); /* "grid"; static */
MLOPS_API const char *mlops_search_pruner_name(enum search_pruner pruner); /* "none"; static */
