/* The gateway: one port that serves the current revision of a model. Private to lib/serve. */
#pragma once

#include "http/server.h"
#include "serve/metrics.h"
#include "serve/protocol.h"
#include "serve/revision.h"

struct fronts;
struct keys;
struct journal;
struct gateway_route;

struct gateway {
	struct metrics *metrics;
	struct revision_holder *revisions;
	const struct gateway_route *routes; /* ended by one without a method */
	struct fronts *fronts;
	struct keys *keys;         /* NULL: anybody may ask */
	struct journal *journal; /* or NULL */
	int64_t request_timeout_ms;
	const struct gateway_how *how; /* as it was started */
	const char *url;
	int control_dir; /* folder of the control socket, or -1 */
};

/* True when a request could be answered now. */
bool gateway_is_ready(struct gateway *g);
/* A request was answered; route NULL: none that is known. */
void gateway_record(struct gateway *g, const struct gateway_route *route, int status,
		    int64_t duration_ns);

#define GATEWAY_MAX_BODY (16u << 20)

/* The control socket's; the argument of the handlers is the gateway. */
extern const struct http_route routes_control[];
