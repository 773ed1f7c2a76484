/*
 * What makes a model's predictions, one file a kind. A gateway opens the first kind of the table
 * that takes the model.
 */
#pragma once

#include "serve/workers.h"

struct worker_kind {
	const char *name;
	const char *help;
	/* Whether it serves what lies there: a folder, or a file. */
	bool (*takes)(const char *model);
	/* Returns when it can answer. *out is what the other functions get. */
	int (*open)(const struct workers_how *how, void **out, struct mlops_error *err);
	void (*close)(void *state); /* no call may be under way */
	/*
	 * One prediction for each row, the caller's. Any thread. WORKERS_FAILED says why in *err:
	 * MLOPS_EINVALID when it is the rows' fault.
	 */
	enum workers_outcome (*predict)(void *state, const struct json *rows,
					struct json **predictions, struct mlops_error *err);
	/* How many requests could be worked on at a time, now. */
	unsigned (*ready)(void *state);
};

/* MLOPS_ENOTFOUND when no kind takes it. */
int worker_kind_find(const char *model, const struct worker_kind **out, struct mlops_error *err);

extern const struct worker_kind worker_python, worker_native;
