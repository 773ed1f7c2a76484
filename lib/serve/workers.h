/*
 * The worker processes of one revision. A supervisor thread starts them, watches them, and starts
 * again what died, later and later when it keeps dying; calls take an idle one each.
 */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "fmt/json.h"

struct workers;

struct workers_how {
	const char *model_dir; /* or a file, where the kind takes one; copied */
	unsigned count;
	unsigned max_waiting;     /* predictions that wait; more are refused */
	size_t batch_rows;        /* of several requests at a time; 0: each by itself */
	int64_t batch_ms;         /* how long those may take */
	int64_t start_timeout_ms; /* for a worker to load the model */
	atomic_uint_fast64_t *restarts; /* counted up */
};

/* Returns when all are ready; the first that cannot start ends them all, and *err says why. */
int workers_start(const struct workers_how *how, struct workers **out, struct mlops_error *err);
/* No call may be under way. NULL is fine. */
void workers_stop(struct workers *w);

enum workers_outcome {
	WORKERS_OK,
	WORKERS_BUSY,    /* none came free in time, or too much waits already */
	WORKERS_TIMEOUT, /* no answer in time; that worker was ended */
	WORKERS_CRASHED, /* died over this request, and so did the one it was tried again on */
	WORKERS_FAILED,  /* the model gave no predictions for these rows */
};

/* Sends one frame and replaces `reply` with the answer. Any thread. The deadline is monotonic. */
enum workers_outcome workers_call(struct workers *w, struct str request, int64_t deadline_ms,
				  struct strbuf *reply);
/* The same with {"rows":...}, the request for predictions. */
enum workers_outcome workers_predict(struct workers *w, const struct json *rows,
				     int64_t deadline_ms, struct strbuf *reply);
/* Workers that can answer, now or when done with what they do. */
unsigned workers_ready(struct workers *w);
