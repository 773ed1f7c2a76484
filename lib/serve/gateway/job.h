/*
 * A prediction on its way: from the connection's thread to whatever makes predictions, and back.
 * Who has it now owns it; only `state` is for both sides.
 */
#pragma once

#include <stdatomic.h>

#include "fmt/json.h"
#include "serve/gateway/loop.h"
#include "serve/protocol.h"
#include "serve/workers/kind.h"

struct conn;
struct front;
struct call;
struct live_revision;
struct h2_request;

struct job {
	struct task task; /* first */
	struct job *next; /* of its connection's */
	struct h2_request *stream; /* of HTTP/2; NULL: the connection's one request */
	struct front *front;
	struct conn *conn; /* NULL: gone meanwhile; for the front's thread */
	struct live_revision *revision; /* held */
	const struct protocol *protocol;
	struct json *request; /* NULL for a shadow */
	struct json *expected; /* of a shadow: what was answered */
	int64_t started_ns;
	size_t held; /* of the front's count */
	struct prediction prediction;
};

/* Asks the revision for predictions; the connection is answered when they are there. */
void job_start(struct conn *c, struct live_revision *revision, const struct protocol *protocol,
	       struct json *request, struct json *rows);
/* The same for one stream of a connection that speaks HTTP/2. */
void job_start_stream(struct conn *c, struct h2_request *stream, int64_t started_ns,
		      struct live_revision *revision, struct json *request, struct json *rows);
/*
 * The same rows to a revision whose predictions are only compared with `values`. Holds on to
 * `revision`, which is the job's from then on.
 */
void shadow_start(struct front *f, struct live_revision *revision, struct json *rows,
		  struct json *values);
/* The connection does not wait for it any more. */
void job_abandon(struct job *j);
void job_end(struct job *j);
/* For prediction.done: hands the job back to its front. */
void job_done_elsewhere(struct prediction *p);
/* It took too long: refuses, and abandons it. */
void job_expire(struct conn *c);
