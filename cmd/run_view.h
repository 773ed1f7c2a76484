/* What `mlops run` shows while it works. */
#pragma once

#include "cmd.h"
#include "mlops/pipeline.h"
#include "tracking_env.h"

struct run_view {
	const struct cmd_ctx *ctx;
	struct json *stages;
	struct json *undeclared; /* with --check-deps, else NULL */
	const char *experiment;
	bool keep_going; /* else main prints why the one stage failed */
	bool side_by_side;
	bool live;    /* a status line is wanted */
	bool visible; /* and there now */
	struct tracking_env tracking; /* of the run that is at work */
};

/* The functions of struct run_how; `arg` is the view. */
void run_view_report(const struct stage_report *r, void *arg);
void run_view_print(const char *stage, enum stage_stream stream, const char *text, size_t n,
		    void *arg);
void run_view_tick(const struct run_progress *p, void *arg);
/* Asks on the terminal. */
bool run_view_confirm(const struct stage_report *r, void *arg);
void run_view_undeclared(const char *stage, const char *path, void *arg);
/* Takes the status line away. */
void run_view_end(struct run_view *v);
