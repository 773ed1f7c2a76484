/*
 * What makes a model's predictions, one file a kind. A gateway opens the first kind of the table
 * that takes the model.
 */
#pragma once

#include <stdatomic.h>

#include "serve/workers.h"

struct upstream;

/* Predictions to be made. Who has it owns it. */
struct prediction {
	struct prediction *next;
	struct json *rows; /* an array */
	int64_t deadline_ms; /* monotonic */
	atomic_bool begun;     /* a worker has it */
	atomic_bool cancelled; /* nobody waits for it any more */
	/* Called when it is done, on any thread. */
	void (*done)(struct prediction *p);
	enum workers_outcome outcome;
	struct json *values;    /* WORKERS_OK: an array, one for each row */
	struct mlops_error err; /* WORKERS_FAILED: why; MLOPS_EINVALID when it is the rows' fault */
};

struct worker_kind {
	const char *name;
	const char *help;
	/* Whether it serves what lies there: a folder, a file, or a URL. */
	bool (*takes)(const char *model);
	/* Returns when it can answer. *out is what the other functions get. */
	int (*open)(const struct workers_how *how, void **out, struct mlops_error *err);
	/* When no prediction is under way, and no request is passed on. */
	void (*close)(void *state);
	/* True: it is done, and p->done is not called. False: that comes later. NULL: see upstream. */
	bool (*predict)(void *state, struct prediction *p);
	/* Where requests are passed on to as they are; NULL: they are not. */
	struct upstream *(*upstream)(void *state);
	/* How many requests could be worked on at a time, now. */
	unsigned (*ready)(void *state);
};

/* MLOPS_ENOTFOUND when no kind takes it. */
int worker_kind_find(const char *model, const struct worker_kind **out, struct mlops_error *err);
/* Waits for the predictions; for threads that may. p->done is not called. */
void worker_predict(const struct worker_kind *kind, void *state, struct prediction *p);
/* Frees what it holds. */
void prediction_clear(struct prediction *p);

extern const struct worker_kind worker_python, worker_native, worker_mlflow, worker_upstream;
