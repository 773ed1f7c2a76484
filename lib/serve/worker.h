/* One worker process: Python with the runner and a model's predict.py, spoken to in frames. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "serve/frame.h"

struct worker {
	pid_t pid; /* 0: none */
	struct channel channel;
	int log_fd;         /* what it prints */
	struct strbuf line; /* of its log, not complete yet */
	char *last_line;    /* of its log; says why it died */
};

#define WORKER_NONE                                                                                \
	{                                                                                          \
		.channel = { -1, -1 }, .log_fd = -1                                                \
	}

/* Starts the process; it dies with the calling thread. Answer to come: see worker_read_ready(). */
int worker_start(struct worker *w, const char *model_dir, struct mlops_error *err);
/*
 * Reads the first frame: 0 when the model is loaded; MLOPS_EINVALID with the model's own reason
 * when not; MLOPS_EFAIL when the process is gone (worker_end() tells how).
 */
int worker_read_ready(struct worker *w, int64_t deadline_ms, struct mlops_error *err);
/* Hands on what it printed so far to the log. */
void worker_read_log(struct worker *w);
/* Closes the channel, on which an idle worker ends by itself. */
void worker_hang_up(struct worker *w);
void worker_kill(const struct worker *w);
/* Kills what is left of it, waits, clears *w, and describes how it had ended; new. */
char *worker_end(struct worker *w);
