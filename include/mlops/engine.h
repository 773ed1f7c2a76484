/*
 * Engines: the places where stages run. One that is not this machine has a child process here that
 * stands for the stage (`mlops offload`): what it prints is what the stage prints, its exit status
 * is the stage's, and what asks it to end ends the stage.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlops/error.h"
#include "mlops/export.h"

struct project;

/* A stage that is to run elsewhere. Paths are relative to the root. */
struct offload {
	const char *engine; /* a name of the settings (engine.NAME.type), or one of a kind itself */
	const char *stage, *run_id, *wdir;
	const char *command;        /* for sh -c */
	const char *const *read;    /* what it is sent, folders whole */
	const char *const *outs;    /* what is brought back */
	const char *const *env;     /* variables of ours that it gets */
	const char *const *secrets; /* and those whose values nobody else is to see */
	size_t n_read, n_outs, n_env, n_secrets;
	bool code;                      /* it is sent what git has, too */
	int64_t cpus, gpus, timeout_ms; /* 0: it does not say */
	uint64_t memory;
};

/*
 * Runs it to its end: *status is its exit status or 128 + signal. An engine that fails, not the
 * stage, also leaves the error where the run that started us looks for it. SIGINT and SIGTERM
 * are passed on to the stage.
 */
MLOPS_API int mlops_offload(struct project *project, const struct offload *what, int *status,
			    struct mlops_error *err);

/* The pipeline in the form of an engine, new; MLOPS_EUSAGE when it has none of its own. */
MLOPS_API int mlops_export(struct project *project, const char *engine, char **out,
			   struct mlops_error *err);
