/* The gateway: one port that serves the current revision of a model. Private to lib/serve. */
#pragma once

#include "http/server.h"
#include "serve/metrics.h"
#include "serve/protocol.h"
#include "serve/revision.h"

struct gateway {
	struct metrics *metrics;
	struct revision_holder *revisions;
	int64_t request_timeout_ms;
	const char *url;
	int control_dir; /* folder of the control socket, or -1 */
};

/* The error replies of all protocols: {"error": "..."}. */
int gateway_refuse(struct http_call *call, int status, const char *message);
/*
 * Checks the route's {model} and {version} (if any) against what is served: 0 and a revision to
 * give back by revision_release(), or -1 after a refusal was sent as the reply.
 */
int gateway_route(struct gateway *g, struct http_call *call, struct live_revision **out);
/* Answers a prediction request. */
int gateway_infer(struct gateway *g, struct http_call *call, const struct protocol *protocol);
/* True when a request could be answered now. */
bool gateway_is_ready(struct gateway *g);

#define GATEWAY_MAX_BODY (16u << 20)

/* Of the protocols; the argument of the handlers is the gateway. */
extern const struct http_route routes_tfserving[], routes_oip[];
/* The control socket's. */
extern const struct http_route routes_control[];
