/*
 * Which revision serves. Requests hold the one they began with; a switch starts the next beside
 * it, lets new requests go there once its gate passed, and ends the old one when its last request
 * is answered.
 */
#pragma once

#include "serve/metrics.h"
#include "serve/protocol.h"
#include "mlops/serve.h"
#include "serve/workers/kind.h"

struct revision_holder;

struct live_revision {
	struct served_model model;
	char *name; /* model.name */
	const struct worker_kind *kind;
	void *workers; /* of that kind */
	struct revision_holder *holder;
	unsigned refs;              /* guarded by the holder's lock */
	struct live_revision *next; /* among those being retired */
};

struct revision_how {
	struct served_model model;
	const char *model_dir; /* or a file */
	int64_t workers;
	int64_t start_timeout_ms;
	const struct gateway_how *gateway; /* limits that are the same for all */
};

int revision_holder_new(struct metrics *metrics, struct revision_holder **out,
			struct mlops_error *err);
/* Waits for all requests to be over and all workers to end. NULL is fine. */
void revision_holder_free(struct revision_holder *h);
/* Held until revision_release(); NULL before the first one. */
struct live_revision *revision_current(struct revision_holder *h);
struct live_revision *revision_hold(struct live_revision *r);
void revision_release(struct live_revision *r);
/*
 * Starts a revision, checks it, and makes it the current one; one at a time. When it fails
 * nothing has changed: MLOPS_ENO when it does not pass its gate, MLOPS_EUSAGE for values that are
 * out of range.
 */
int revision_switch(struct revision_holder *h, const struct revision_how *how,
		    struct mlops_error *err);
/* The number of the one that is being started, or 0. */
int64_t revision_starting(struct revision_holder *h);
