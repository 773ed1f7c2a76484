/* Pipelines: the stages of mlops.yaml, run in order and only when something changed. */
#pragma once

#include "mlops/tracking.h"

struct pipeline;

/* Reads and checks <root>/mlops.yaml: unknown keys, cycles, outputs given twice are MLOPS_EINVALID. */
MLOPS_API int mlops_pipeline_load(struct project *project, struct pipeline **out,
				  struct mlops_error *err);
MLOPS_API void mlops_pipeline_free(struct pipeline *pipeline);

/*
 * Whether the whole pipeline is known to be up to date, by what an earlier run that found nothing to
 * do wrote down; false also when that is not known. Much cheaper than loading and running it.
 */
MLOPS_API bool mlops_pipeline_is_current(struct project *project);

enum stage_outcome {
	STAGE_UNCHANGED, /* lock, deps, params, outs all as they were */
	STAGE_RESTORED,  /* outs brought back from the store */
	STAGE_RUN,       /* executed */
	STAGE_WOULD_RUN, /* dry run */
	STAGE_FAILED,
	STAGE_SKIPPED,   /* a stage that it needs failed (with keep_going) */
};

struct stage_report {
	const char *stage; /* lent */
	enum stage_outcome outcome;
	const char *reason; /* why it runs or ran: "params.yaml: train.lr changed 0.05 -> 0.1"; lent */
	int64_t duration_ms;
	int exit_status;
};

enum run_reach {
	RUN_NEEDS,  /* the targets and what they need */
	RUN_SINGLE, /* the targets alone */
	RUN_USERS,  /* the targets and what needs them */
};

enum stage_stream { STAGE_STDOUT, STAGE_STDERR };

/* How far a run is. */
struct run_progress {
	size_t done, total; /* stages */
	const char *const *running;
	const int64_t *elapsed_ms; /* of each that runs */
	size_t n_running;
};

struct run_how {
	const char *const *targets; /* stages to bring up to date; none: all */
	size_t n_targets;
	enum run_reach reach;
	const char *from, *to; /* of these, only stages from the one to the other; may be NULL */
	const char *const *params;  /* "key=value" or "file:key=value", for this run only */
	size_t n_params;
	const char *experiment, *name; /* of the run; may be NULL */
	const char *run_id; /* of one that was started already and is this one; or NULL */
	const char *on; /* the engine of all stages, whatever mlops.yaml says; may be NULL */
	bool force, dry_run, keep_going;
	bool explain; /* a dry run whose reasons leave nothing out, a line each */
	int64_t jobs; /* stages at a time; 0: as many as the make that called us allows, else one */
	/* Called before a stage's command starts (outcome STAGE_RUN, duration -1) and when done. */
	void (*report)(const struct stage_report *r, void *arg);
	/* What a stage prints, as it comes; with other jobs than 1 in whole lines. May be NULL. */
	void (*print)(const char *stage, enum stage_stream stream, const char *text, size_t n,
		      void *arg);
	/* Whether to execute a stage that r->reason says why; one that is not is skipped. May be NULL. */
	bool (*confirm)(const struct stage_report *r, void *arg);
	/* Called for each file that an executed stage read and does not declare; NULL: not looked for. */
	void (*undeclared)(const char *stage, const char *path, void *arg);
	const char *program; /* the mlops program, which sandboxes, engines and `undeclared` need; or NULL */
	/*
	 * Called before the first stage runs, as a part of run `run_id`: *env gets more variables
	 * ("NAME=value", a NULL behind the last; lent) for stages on this machine. May be NULL.
	 */
	int (*environment)(const char *run_id, const char *const **env, void *arg,
			   struct mlops_error *err);
	/* Called a few times a second while stages run. May be NULL. */
	void (*tick)(const struct run_progress *p, void *arg);
	void *arg;
};

struct run_outcome {
	char run_id[MLOPS_RUN_ID]; /* "" when nothing ran */
	size_t ran, unchanged, restored, failed, skipped; /* stages; a dry run counts what it would do */
	size_t undeclared; /* files */
};

/*
 * Brings the pipeline up to date, independent stages side by side. A stage
 * that fails is MLOPS_EFAIL after the run was recorded; what finished before it is kept, and *out
 * tells of it even then. SIGINT and SIGTERM are caught while it works: they end the stage and the
 * run, and give MLOPS_EINTERRUPTED or MLOPS_ETERMINATED. Another run at work is MLOPS_ELOCKED.
 */
MLOPS_API int mlops_pipeline_run(struct project *project, struct pipeline *pipeline,
				 const struct run_how *how, struct run_outcome *out,
				 struct mlops_error *err);

/*
 * Where a run keeps what a stage of it printed, standard output and error in one; new. There is no
 * such file when it printed nothing, and once a hundred newer runs were recorded.
 */
MLOPS_API char *mlops_stage_log_path(struct project *project, const char *run_id,
				     const char *stage);

/* Watches the files that a pipeline reads or consists of and that no stage of it writes. */
struct pipeline_watch;
MLOPS_API int mlops_pipeline_watch_new(struct project *project, struct pipeline *pipeline,
				       struct pipeline_watch **out, struct mlops_error *err);
/* Waits until one has changed since the watch was made, and then until changes pause for a moment. */
MLOPS_API int mlops_pipeline_watch_wait(struct pipeline_watch *watch, struct mlops_error *err);
MLOPS_API void mlops_pipeline_watch_free(struct pipeline_watch *watch); /* NULL is fine */

MLOPS_API const char *mlops_stage_outcome_name(enum stage_outcome outcome); /* "unchanged"; static */

/*
 * Sends to the remote of run.sharedCache the results of stages that mlops.lock pins, their objects
 * first. Nothing when that is not `remote` (NULL: any). Trouble with the remote is a warning.
 */
MLOPS_API int mlops_results_share(struct project *project, const char *remote,
				  struct mlops_error *err);
