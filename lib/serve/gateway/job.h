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

struct job {
	struct task task; /* first */
	struct front *front;
	struct conn *conn; /* NULL: gone meanwhile; for the front's thread */
	struct live_revision *revision; /* held */
	const struct protocol *protocol;
	struct json *request;
	struct prediction prediction;
};

/* Asks the revision for predictions; the connection is answered when they are there. */
void job_start(struct conn *c, struct live_revision *revision, const struct protocol *protocol,
	       struct json *request, struct json *rows);
/* The connection does not wait for it any more. */
void job_abandon(struct job *j);
/* It took too long: refuses, and abandons it. */
void job_expire(struct conn *c);
