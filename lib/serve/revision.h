/*
 * Which revision serves. Requests hold the one they began with; a switch starts the next beside
 * it, lets new requests go there once its gate passed, and ends the old one when its last request
 * is answered.
 */
#pragma once

#include "serve/metrics.h"
#include "serve/protocol.h"
#include "serve/traffic.h"
#include "mlops/serve.h"
#include "serve/workers/kind.h"

struct revision_holder;

struct live_revision {
	struct served_model model;
	char *name; /* model.name */
	const struct worker_kind *kind;
	void *workers; /* of that kind */
	struct revision_holder *holder;
	struct metrics_times times;
	atomic_uint_fast64_t answers[5]; /* by the first digit of their status, from 1 on */
	/* As a shadow: answers that were the same, that were others, and that there were not. */
	atomic_uint_fast64_t same, different, failed;
	unsigned refs;              /* guarded by the holder's lock */
	struct live_revision *next; /* among those that serve, or that are being retired */
};

struct revision_how {
	struct served_model model;
	const char *model_dir; /* or a file */
	int64_t workers;
	int64_t start_timeout_ms;
	const struct gateway_how *gateway; /* limits that are the same for all */
	bool beside; /* it gets no request before revision_share() says so */
};

int revision_holder_new(struct metrics *metrics, struct revision_holder **out,
			struct mlops_error *err);
/* Waits for all requests to be over and all workers to end. NULL is fine. */
void revision_holder_free(struct revision_holder *h);
/* The one that a request goes to; held until revision_release(). NULL before the first one. */
struct live_revision *revision_choose(struct revision_holder *h, const struct http_message *m);
/* The one that is to get a copy, or NULL; held. */
struct live_revision *revision_shadow(struct revision_holder *h);
void revision_record(struct live_revision *r, int status, int64_t duration_ns);
/* The one with the largest share; held. NULL before the first one. */
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
/*
 * Shares the traffic anew, and retires those that get none. Takes *t. MLOPS_ENOTFOUND when one of
 * them does not serve here.
 */
int revision_share(struct revision_holder *h, struct traffic *t, struct mlops_error *err);
/* Calls fn for each that serves, with its weight; none may be ended meanwhile. */
void revision_each(struct revision_holder *h,
		   void (*fn)(struct live_revision *r, int64_t weight, bool shadow, void *arg),
		   void *arg);
/* The number of the one that is being started, or 0. */
int64_t revision_starting(struct revision_holder *h);
