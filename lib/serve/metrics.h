/* Counters of the gateway, in Prometheus' text form. Any thread. */
#pragma once

#include <stdatomic.h>

#include "base/str.h"

struct gateway_route;

struct metrics {
	atomic_int_fast64_t in_flight;
	atomic_uint_fast64_t restarts; /* of workers */
	size_t n_routes;
	struct route_metrics *routes; /* the last one is for paths that are none */
};

/* `routes` ends with a NULL method, and outlives the metrics. */
struct metrics *metrics_new(const struct gateway_route *routes);
void metrics_free(struct metrics *m);
/* Of the route with that index; n_routes - 1 is for all others. */
void metrics_record(struct metrics *m, size_t route, int status, int64_t duration_ns);
void metrics_render(const struct metrics *m, struct strbuf *out);
